from importlib import metadata
from pathlib import Path

import pytest

from gantool.errors import PluginError
from gantool.plugin_tools.pins import conflict, constraints_file, installed_pins, needs
from gantool.plugin_tools.running import Outcome


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


def test_what_gantool_needs_is_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that names numpy<1.26 and not gantool would take it away: installers look at no one else's needs."""
    listed = ["numpy>=1.26", "typer<0.30,>=0.29", "torch>=2.6", "plain", "rich (>=13)", "av>=14; extra == 'video'"]
    monkeypatch.setattr(metadata, "requires", lambda name: listed)
    needed = {"numpy": ">=1.26", "typer": "<0.30,>=0.29", "rich": ">=13"}
    assert needs() == needed
    text = constraints_file({"gantool": "0.1.0"}, needed).read_text()
    assert text == "gantool==0.1.0\nnumpy>=1.26\ntyper<0.30,>=0.29\nrich>=13\n"
    said = "gantool-x depends on numpy<1.26\n    The user requested (constraint) numpy>=1.26"
    assert "gantool needs numpy>=1.26" in conflict(said, PINS, needed)


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
    assert "('pipx runpip gantool install torch==VERSION')" in conflict(said, PINS, pip="pipx runpip gantool install")


def test_what_pipx_writes_into_a_file_alone_is_read_there(tmp_path: Path) -> None:
    log = tmp_path / "cmd pip_errors.log"
    log.write_text("gantool-x 1.0 depends on torch<2\n    The user requested (constraint) torch==2.9.0+cpu\n")
    said = f"Fatal error from pip prevented installation. Full pip output in file:\n    {log}\n\nSome errors:\n"
    assert conflict(said, PINS) == ""
    assert "gantool leaves torch" in conflict(Outcome(1, said).words, PINS)
    log.unlink()
    assert Outcome(1, said).words == said


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
