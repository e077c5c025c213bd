"""`plugins check`: each plugin in a process of its own, sound ones and those that would take the tool down."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gantool.errors import UnknownNameError, cause
from gantool.plugin_tools.doctor import PluginReport, _enter, targets, wanted
from gantool.plugins.host import BUILT_INS
from gantool.plugins.loading import Candidate
from sites import Site

SOUND = """
import gantool
@gantool.hookimpl
def gantool_losses():
    return [gantool.Component({name!r}, "A loss", gantool.Options, "{module}_heavy:Sum")]
"""
HEAVY = """
import torch
class Sum:
    def __init__(self, options):
        pass
    def discriminator(self, real_logits, fake_logits):
        return torch.relu(1 - real_logits) + torch.relu(1 + fake_logits)
    def generator(self, real_logits, fake_logits):
        return -fake_logits
"""
Check = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def check(tmp_path: Path, gantool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Check:
    """Runs the command on a folder of plugins given by their sources: its exit code and reports by plugin."""
    monkeypatch.delenv("GANTOOL_PLUGINS")
    monkeypatch.setenv("GANTOOL_PLUGINS_DIR", str(tmp_path))

    def run(*words: str, **sources: str) -> tuple[int, dict[str, Any]]:
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.setenv("GANTOOL_PLUGINS", ",".join(path.stem for path in tmp_path.glob("*.py")))
        ended = gantool("plugins", "check", "--json", *words)
        return ended.code, {report["name"]: report for report in json.loads(ended.out)}

    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"), prepend=":")
    (tmp_path / "modules").mkdir()
    return run


@pytest.mark.long
def test_each_way_to_be_broken_is_told_beside_a_sound_plugin(check: Check, tmp_path: Path) -> None:
    (tmp_path / "modules" / "sound_heavy.py").write_text(HEAVY)
    code, reports = check(
        sound=SOUND.format(name="sound", module="sound"),
        absent="import nowhere_to_be_found",
        leaver="raise SystemExit(0)",
        exiter="import os; print('good bye', flush=True); os._exit(7)",
        typo=SOUND.format(name="typo", module="typo").replace("losses", "loses"),
        zclash=SOUND.format(name="sound", module="sound").replace("return", "import wave; return"),
        zhinge=SOUND.format(name="hinge", module="sound"),
    )
    assert code == 1
    sound = reports.pop("sound")
    assert (sound["ok"], sound["faults"], sound["heavy"]) == (True, [], [])
    assert sound["import_ms"] > 0
    (component,) = sound["components"]
    assert (component["kind"], component["name"], component["ok"], component["faults"]) == ("loss", "sound", True, [])
    faults = {name: " ".join(report["faults"]) for name, report in reports.items()}
    assert faults.keys() == {"absent", "leaver", "exiter", "typo", "zclash", "zhinge"}
    assert "No module named 'nowhere_to_be_found'" in faults["absent"]
    assert "it tried to end the program" in faults["leaver"]
    assert "ended the process (exit code 7; its last words: good bye)" in faults["exiter"]
    assert faults["typo"].endswith("Did you mean 'gantool_losses'?")
    assert "its loss 'sound' is ignored, because sound already provides one: rename it." in faults["zclash"]
    assert "its loss 'hinge' is ignored, because gantool" in faults["zhinge"]


def rough(**factories: str) -> str:
    """A plugin with a loss for each factory, given by its body."""
    specs = ", ".join(f'gantool.Component("{name}", "A loss", gantool.Options, "rough:{name}")' for name in factories)
    source = f"import gantool\n@gantool.hookimpl\ndef gantool_losses():\n    return [{specs}]\n"
    return source + "".join(f"def {name}(options):\n    {body}\n" for name, body in factories.items())


@pytest.mark.long
def test_a_component_that_crashes_ends_alone(check: Check) -> None:
    crash = "import os, signal; print('so long', flush=True); os.kill(os.getpid(), signal.SIGSEGV)"
    code, reports = check(rough=rough(one="return 3", crash=crash, last="return 3"))
    assert code == 1
    faults = {each["name"]: " ".join(each["faults"]) for each in reports["rough"]["components"]}
    assert faults["crash"] == "trying it crashed the process (SIGSEGV; its last words: so long)."
    for name in ("one", "last"):
        assert "is of type int and has no discriminator" in faults[name]


WAIT = "import time; time.sleep(600)"


def test_an_import_that_hangs_is_stopped(check: Check) -> None:
    code, reports = check("--timeout", "1", sleeper=WAIT)
    assert code == 1
    assert reports["sleeper"]["faults"] == ["importing it took longer than 1 seconds, so it was stopped."]


@pytest.mark.long
def test_a_thread_that_does_not_end_is_a_fault_and_not_waited_for(check: Check) -> None:
    code, reports = check(runner="import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()")
    assert code == 1
    assert "importing it started a thread that does not end" in reports["runner"]["faults"][-1]


@pytest.mark.slow
def test_a_component_that_hangs_is_stopped(check: Check) -> None:
    code, reports = check("--timeout", "8", rough=rough(hang=WAIT))
    assert code == 1
    assert reports["rough"]["components"][0]["faults"] == ["trying it took longer than 8 seconds, so it was stopped."]


@pytest.mark.long
def test_heavy_imports_at_declaration_are_named(check: Check) -> None:
    code, reports = check(heavy="import numpy\n" + SOUND.format(name="heavy", module="gone"))
    assert code == 1
    assert reports["heavy"]["heavy"] == ["numpy"]
    assert reports["heavy"]["faults"] == []  # it is a file of one's own, and slows nobody else's start
    assert "declaring what it offers imports numpy" in reports["heavy"]["warnings"][0]
    assert "declaring_imports_nothing_heavy" not in " ".join(reports["heavy"]["components"][0]["faults"])
    assert "No module named 'gone_heavy'" in " ".join(reports["heavy"]["components"][0]["faults"])


@pytest.mark.long
def test_a_file_that_imports_torch_is_warned_of_once_and_passes(check: Check) -> None:
    code, reports = check(whole=HEAVY + SOUND.format(name="whole", module="whole").replace("whole_heavy", "whole"))
    assert (code, reports["whole"]["ok"], reports["whole"]["faults"]) == (0, True, [])
    assert len(reports["whole"]["warnings"]) == 1
    assert [tried["faults"] for tried in reports["whole"]["components"]] == [[]]


NEEDY = """
import gantool
class Where(gantool.Options):
    path: str = gantool.option(..., "a folder")
@gantool.hookimpl
def gantool_losses():
    return [gantool.Component("needy", "Needs a path.", Where, "nowhere:build")]
"""


def test_what_cannot_be_built_without_an_option_is_not_tried_and_no_fault(check: Check) -> None:
    code, reports = check(needy=NEEDY)
    assert code == 0
    assert reports["needy"]["components"][0]["needs"] == ["path"]


@pytest.mark.long
def test_commands_are_checked_too(check: Check) -> None:
    source = (
        "import gantool\n@gantool.hookimpl\ndef gantool_commands():\n"
        "    return [gantool.Command(name, 'A command.', 'orders:' + name) for name in ('good', 'bad')]\n"
        "def good(n: int = 3):\n    pass\n"
        "def bad(**anything):\n    pass\n"
    )
    code, reports = check(orders=source)
    assert code == 1
    good, bad = reports["orders"]["components"]
    assert good["ok"]
    assert "Typer does not understand orders:bad" in bad["faults"][0]


@pytest.mark.long
def test_a_name_has_no_other_plugin_imported(check: Check, tmp_path: Path) -> None:
    (tmp_path / "modules" / "sound_heavy.py").write_text(HEAVY)
    (tmp_path / "log").touch()
    loud = f"open({str(tmp_path / 'log')!r}, 'a').write('.')"
    code, reports = check("mild", loud=loud, mild=SOUND.format(name="soft", module="sound"))
    assert (code, list(reports)) == (0, ["mild"])
    assert (tmp_path / "log").read_text() == ""


PAIR = """
import gantool
class Small(gantool.Options):
    pass
@gantool.hookimpl
def gantool_architectures():
    return [gantool.Architecture("paired", "An MLP", Small, "pair_networks:build", gantool.Recipe(loss="other-half"))]
def build(options, shape):
    from gantool.builtin.architectures import MlpOptions
    from gantool.builtin.architectures.mlp import build
    return build(MlpOptions(latent=4, generator_hidden=(8,), discriminator_hidden=(8,)), shape)
"""


@pytest.mark.long
def test_a_recipe_may_name_a_component_of_another_entry_point_of_its_distribution(check: Check, tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    (modules / "half_heavy.py").write_text(HEAVY)
    (modules / "pair_losses.py").write_text(SOUND.format(name="other-half", module="half"))
    (modules / "pair_networks.py").write_text(PAIR)
    Site(modules).describe("gantool-pair", "[gantool]\nnetworks = pair_networks\nzlosses = pair_losses\n")
    code, reports = check("gantool-pair")
    assert {name: report["faults"] for name, report in reports.items()} == {"networks": [], "zlosses": []}
    tried = {each["name"]: each["faults"] for report in reports.values() for each in report["components"]}
    assert tried == {"paired": [], "other-half": []}
    assert code == 0


@pytest.mark.long
@pytest.mark.parametrize("blocked", [False, True])
def test_a_plugin_that_ends_the_process_is_not_blamed_on_another_of_its_distribution(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocked: bool
) -> None:
    modules = tmp_path / "modules"
    (modules / "twin_heavy.py").write_text(HEAVY)
    (modules / "twin_losses.py").write_text(SOUND.format(name="twin", module="twin"))
    log = tmp_path / "log"
    (modules / "twin_exits.py").write_text(f"import os; open({str(log)!r}, 'a').write('.'); os._exit(3)")
    Site(modules).describe("gantool-twins", "[gantool]\na = twin_losses\nb = twin_exits\n")
    if blocked:
        monkeypatch.setenv("GANTOOL_BLOCK_PLUGINS", "b")
    code, reports = check("a" if blocked else "gantool-twins")
    assert code == int(not blocked)
    assert reports["a"]["faults"] == []
    assert [(each["name"], each["faults"]) for each in reports["a"]["components"]] == [("twin", [])]
    if not blocked:
        assert reports["b"]["faults"] == ["importing it ended the process (exit code 3)."]
    assert log.exists() is not blocked


FITTING = """
import gantool
@gantool.hookimpl
def gantool_losses():
    return [gantool.Component(
        "fitting", "A loss", gantool.Options, "fitting_heavy:Sum", goes_with=("painter",)
    )]
"""
PAINTER = """
import gantool
@gantool.hookimpl
def gantool_architectures():
    return [gantool.Architecture(
        "painter", "Linear both ways", gantool.Options, "painter_heavy:build", gantool.Recipe(batch=4), resolutions=(8,)
    )]
"""
PAINTS = """
import gantool
from torch import nn
class G(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape, self.last = shape, nn.Linear(4 + shape.classes, shape.channels * shape.resolution**2)
    def forward(self, z, labels=None):
        z = z if labels is None else cat(z, labels, self.shape.classes)
        side = self.shape.resolution
        return (self.last(z).tanh().view(-1, self.shape.channels, side, side),)
class D(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape, self.last = shape, nn.Linear(shape.classes + shape.channels * shape.resolution**2, 1)
    def forward(self, images, labels=None):
        flat = images[-1].flatten(1)
        return self.last(flat if labels is None else cat(flat, labels, self.shape.classes)).flatten()
def cat(x, labels, classes):
    import torch
    return torch.cat([x, torch.nn.functional.one_hot(labels, classes).to(x.dtype)], dim=1)
def build(options, shape):
    return gantool.Gan(G(shape), D(shape), 4)
"""


@pytest.mark.long
def test_the_architecture_that_a_component_goes_with_is_found_in_another_plugin(check: Check, tmp_path: Path) -> None:
    modules = tmp_path / "modules"
    (modules / "fitting_heavy.py").write_text(HEAVY)
    (modules / "painter_heavy.py").write_text(PAINTS)
    code, reports = check("fitting", fitting=FITTING)
    (alone,) = reports["fitting"]["components"]
    assert (code, alone["faults"], alone["needs"]) == (0, [], ["architecture painter"])
    _, reports = check("fitting", painter=PAINTER, exiter="import os; os._exit(7)")
    (beside,) = reports["fitting"]["components"]
    assert (beside["faults"], beside["needs"]) == ([], [])


def test_names_choose_plugins_and_built_ins_and_the_environment_blocks_only_what_was_not_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, other = (Candidate(name, f"gantool-{name}", "1.0", "installed", lambda: None) for name in ("mine", "other"))

    def chosen(name: str) -> list[tuple[str, str | None]]:
        return [(each.candidate.name, each.only) for each in targets(name, [mine, other])]

    monkeypatch.setenv("GANTOOL_PLUGINS", "other")
    assert wanted([mine, other]) == [other]
    assert chosen("gantool-mine") == chosen("mine") == [("mine", None)]
    assert chosen("hinge") == [("gantool.builtin.losses", "hinge")]
    assert chosen("gantool.builtin.losses") == [("gantool.builtin.losses", None)]
    assert {name for name, _ in chosen("gantool")} == set(BUILT_INS)
    with pytest.raises(UnknownNameError, match=r"component 'zyx'\. What other would bring is unknown"):
        chosen("zyx")


def test_unknown_names_get_the_nearest(gantool: Callable[..., Any]) -> None:
    ended = gantool("plugins", "check", "hing")
    assert ended.code == 2
    assert "Did you mean 'hinge'?" in ended.err


def test_a_folder_in_place_of_a_name_gets_the_command_that_installs_it(
    gantool: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "gantool-blobs").mkdir()
    ended = gantool("plugins", "check", tmp_path / "gantool-blobs")
    assert ended.code == 2
    assert f"gantool plugins install --editable {tmp_path / 'gantool-blobs'}, and check" in ended.err


def test_without_plugins_there_is_nothing_to_check(gantool: Callable[..., Any], tmp_path: Path) -> None:
    ended = gantool("plugins", "check")  # the environment of tests lets none in
    assert (ended.code, ended.out) == (0, "")
    assert "There are no plugins to check" in ended.err
    assert gantool("plugins", "check", "--plugins-dir", tmp_path / "absent").code == 2


def test_an_exception_that_cannot_be_shown_is_told_by_its_type() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert cause(MuteError()) == "MuteError"


@pytest.mark.long
def test_a_component_of_a_plugin_is_checked_by_its_name_and_the_nearest_is_suggested(
    check: Check, tmp_path: Path, gantool: Callable[..., Any]
) -> None:
    (tmp_path / "modules" / "pair_heavy.py").write_text(HEAVY)
    two = SOUND.format(name="plain", module="pair").replace(
        "]", ', gantool.Component("strange", "A loss", gantool.Options, "pair_heavy:Sum", goes_with=("dcgn",))]'
    )
    code, reports = check("plain", pair=two)
    assert (code, [each["name"] for each in reports["pair"]["components"]]) == (0, ["plain"])
    wild = SOUND.format(name="wild", module="pair").replace("Options,", "Options")
    _, reports = check("strange", wild=wild)
    assert reports["pair"]["components"][0]["needs"] == ["architecture dcgn (did you mean 'dcgan'?)"]
    ended = gantool("plugins", "check", "strangr", "--plugins-dir", tmp_path)
    assert ended.code == 2
    assert "no plugin, distribution or component 'strangr'. Did you mean 'strange'? What wild would bring" in ended.err


def test_an_installed_plugin_that_imports_torch_fails() -> None:
    key = ("slow", "gantool-slow", "installed")
    seen = PluginReport("slow", "gantool-slow", "1.0", "installed")
    line = {"imported": [*key], "import_ms": 900.0, "heavy": ["torch"], "error": None, "lingers": None, "declared": []}
    _enter(line, seen, key)
    assert (len(seen.faults), seen.warnings) == (1, [])
    assert "every gantool command waits for that: import it where it is used" in seen.faults[0]
