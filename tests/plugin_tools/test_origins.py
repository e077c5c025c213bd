"""Which plugin is meant, and where its next version comes from."""

from pathlib import Path

import pytest

from gantool.plugin_tools import guests, installing
from gantool.plugin_tools.guests import Guest
from gantool.plugin_tools.installing import find_guest, latest
from gantool.plugin_tools.memory import Remembered, remember

GIT = "git+https://example.org/all@main"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTOOL_HOME", str(tmp_path / "home"))


def test_a_plugin_within_a_repository_keeps_its_folder() -> None:
    """Without it an upgrade would install what lies at the repository's root, which may be gantool itself."""
    came = {
        "url": "https://example.org/all",
        "subdirectory": "plugins/gantool-foo",
        "vcs_info": {"vcs": "git", "requested_revision": "main"},
    }
    assert guests._source(came) == f"{GIT}#subdirectory=plugins/gantool-foo"
    guest = Guest("gantool-foo", "1", ("foo",), guests._source(came))
    assert latest(guest).text == f"{GIT}#subdirectory=plugins/gantool-foo"


def test_what_another_environment_was_given_does_not_decide_here(tmp_path: Path) -> None:
    folder = tmp_path / "gantool-foo"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "gantool-foo"\nversion = "1"\n')
    remember(Remembered("gantool-foo", str(folder), editable=True))
    from_index = latest(Guest("gantool-foo", "1", ("foo",)))
    assert (from_index.text, from_index.editable) == ("gantool-foo", False)
    from_folder = latest(Guest("gantool-foo", "1", ("foo",), folder.as_uri(), editable=True))
    assert (from_folder.text, from_folder.editable) == (str(folder), True)


def test_two_plugins_whose_names_differ_by_the_prefix_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [Guest("foo", "1", ("one",)), Guest("gantool-foo", "2", ("other",))]
    monkeypatch.setattr(installing, "installed_guests", lambda: both)
    assert find_guest("foo").version == "1"
    assert find_guest("gantool_foo").version == "2"
    monkeypatch.setattr(installing, "installed_guests", lambda: both[1:])
    assert find_guest("foo").version == "2"
