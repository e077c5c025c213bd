"""A spec waives a check by its name, and every fault says the name by which its check is waived."""

import json
import re
from pathlib import Path

import pytest
from planted import place_of

import gantool
from gantool.testing import Nonconforming, check_component, check_loss

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")


def mixing(**waives):
    return gantool.Component("planted", "Mixes", gantool.Options, place_of("HingeMixing"), waives=waives)


def test_a_waived_check_is_left_out():
    (fault,) = check_component("loss", mixing())
    assert fault.check == "samples_do_not_mix"
    check_loss(mixing(samples_do_not_mix="its idea"))


def test_the_text_of_a_failed_check_names_the_check():
    with pytest.raises(Nonconforming, match=r"\. \[samples_do_not_mix\]$"):
        check_loss(mixing())


def test_a_faulty_spec_is_named_with_its_owner_and_the_nearest_word():
    odd = gantool.Component("planted", "Odd", gantool.Options, place_of("HingeMixing"), traits=("critik",))
    with pytest.raises(
        Nonconforming, match=r"^Loss 'planted' of planted_losses does not conform:\n.*Did you mean 'critic'"
    ):
        check_loss(odd)


def test_a_name_of_no_check_is_a_fault_with_the_nearest_name():
    faults = check_component("loss", mixing(samples_do_not_mix="its idea", state_come_back="a slip"))
    assert len(faults) == 1
    assert "waives 'state_come_back'" in faults[0]
    assert "Did you mean 'state_comes_back'?" in faults[0]


def test_what_a_run_requires_cannot_be_waived():
    for name in ("the_spec_is_sound", "it_keeps_the_contract"):
        assert any(f"waives {name!r}" in fault for fault in check_component("loss", mixing(**{name: "no reason"})))


def test_a_component_of_one_architecture_may_waive_the_check_with_it():
    waives = {"two_steps_are_finite": "only tried by hand"}
    spec = gantool.Component("planted", "Some", gantool.Options, place_of("Hinge"), goes_with=("mlp",), waives=waives)
    assert check_component("loss", spec) == []


def test_the_waiver_in_the_page_names_a_check_of_its_kind():
    (name,) = re.findall(r'waives=\{"(\w+)": "[^"]+"\},', PAGE)
    assert f"| losses | `{name}` |" in PAGE


@pytest.mark.long
def test_plugins_check_prints_names_and_waivers(gantool, tmp_path):
    (tmp_path / "waiving.py").write_text(
        "import gantool\n"
        "class Own(gantool.Options): pass\n"
        "@gantool.hookimpl\n"
        "def gantool_losses():\n"
        f"    place = {str(Path(__file__).parent)!r}\n"
        "    import sys; sys.path.append(place)\n"
        "    mixing = 'planted_losses:HingeMixing'\n"
        "    return [\n"
        "        gantool.Component('waived', 'Waived', Own, mixing, waives={'samples_do_not_mix': 'its idea'}),\n"
        "        gantool.Component('mixed', 'Mixed', Own, mixing),\n"
        "    ]\n"
    )
    ended = gantool("plugins", "check", "waiving", "--plugins-dir", tmp_path, "--json")
    assert ended.code == 1
    waived, mixed = json.loads(ended.out)[0]["components"]
    assert (waived["ok"], waived["waived"]) == (True, {"samples_do_not_mix": "its idea"})
    assert mixed["faults"][0].endswith("[samples_do_not_mix]")
