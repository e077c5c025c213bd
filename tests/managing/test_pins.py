from importlib import metadata

import pytest

from gantool.errors import PluginError
from gantool.managing.pins import conflict, constraints_file, installed_pins


def test_the_file_pins_what_is_installed_local_suffix_included(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"torch": "2.9.0+cpu", "gantool": "0.1.0"}

    def version(name: str) -> str:
        if name not in there:
            raise metadata.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(metadata, "version", version)
    assert installed_pins() == there
    assert constraints_file(there).read_text() == "torch==2.9.0+cpu\ngantool==0.1.0\n"
    del there["gantool"]
    with pytest.raises(PluginError, match="gantool itself is not installed"):
        installed_pins()


PINS = {"torch": "2.9.0+cpu", "gantool": "0.1.0"}


@pytest.mark.parametrize(
    "said",
    [
        "gantool-x 1.0 depends on torch<2\n    The user requested (constraint) torch==2.9.0+cpu",
        "The user requested (constraint) torch<=2.9.0,==2.9.0+cpu",
        "Because gantool-hog==1.0 depends on torch<2 and torch==2.9.0+cpu, we can conclude",
    ],
)
def test_a_failure_for_a_pin_is_explained(said: str) -> None:
    assert "gantool leaves torch 2.9.0+cpu as it is" in conflict(said, PINS)


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: No matching distribution found for gantool-x",
        "Requirement already satisfied: gantool in ./lib (from gantool-blobs==0.1.0) (0.1.0)",
        "Requirement already satisfied: torch-fidelity==2.9.0+cpu",
    ],
)
def test_other_failures_are_not(said: str) -> None:
    assert conflict(said, PINS) == ""
