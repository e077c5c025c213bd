import sys
from pathlib import Path

import pytest

from gantool.errors import PluginError
from gantool.plugin_tools.memory import FILE, Remembered, forget, home_folder, recall, remember, remembered


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANTOOL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_what_is_remembered_comes_back_once_a_distribution(home: Path) -> None:
    assert remembered() == []
    foo, bar = Remembered("gantool-foo", "gantool-foo==1"), Remembered("gantool-bar", "/src/bar", editable=True)
    remember(foo)
    remember(bar)
    assert remembered() == [foo, bar]
    newer = Remembered("gantool_Foo", "gantool-foo")
    remember(newer)
    assert remembered() == [bar, newer]
    assert recall("gantool.foo") == newer
    assert recall("foo") is None  # another distribution
    forget("gantool.foo")
    forget("unknown")
    assert remembered() == [bar]
    assert [path.name for path in home.iterdir() if not path.name.endswith(".lock")] == [FILE]


def test_a_damaged_list_is_named_and_left_as_it_is(home: Path) -> None:
    home.mkdir()
    for text in ("{", "[]", '{"plugins": [{}]}'):
        (home / FILE).write_text(text)
        with pytest.raises(PluginError, match=r"plugins\.json.* is damaged"):
            remembered()
        with pytest.raises(PluginError, match="damaged"):
            remember(Remembered("gantool-foo", "gantool-foo"))
        assert recall("foo") is None
        assert (home / FILE).read_text() == text


def test_where_nothing_can_be_written_is_said(home: Path) -> None:
    home.write_text("a file")
    with pytest.raises(PluginError, match=r"cannot be (written|read)"):
        remember(Remembered("gantool-foo", "gantool-foo"))


def test_the_folder_is_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GANTOOL_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    for platform, folder in {
        "linux": Path("/data/gantool"),
        "darwin": tmp_path / "Library" / "Application Support" / "gantool",
    }.items():
        monkeypatch.setattr(sys, "platform", platform)
        assert home_folder() == folder
