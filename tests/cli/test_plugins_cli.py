import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gantool import plugins
from gantool.cli.main import app
from gantool.errors import GantoolError, UnknownNameError, UsageError
from gantool.hookspecs import KINDS

GUEST = """
import gantool

class Guest(gantool.Options):
    strength: float = gantool.option(0.5, "how much", ge=0, le=1)

@gantool.hookimpl
def gantool_losses():
    return [gantool.Component("guest-loss", "A guest's loss", Guest, "guest_plugin:build")]
"""


@pytest.fixture(autouse=True)
def fresh_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_host", None)
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "guest_plugin.py").write_text(GUEST)
    (tmp_path / "dark_plugin.py").write_text("import nowhere_to_be_found")
    return tmp_path


def plugins_command(*args: object) -> str:
    done = CliRunner().invoke(app, ["plugins", *map(str, args)])
    if isinstance(done.exception, GantoolError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_list_shows_built_ins_and_guests_sound_or_not(folder: Path) -> None:
    table = plugins_command("list", "--plugins-dir", folder)
    line = {text.split()[0]: text for text in table.splitlines() if text.strip()}
    assert "dcgan" in line["gantool.architectures"]
    assert "built-in" in line["gantool.architectures"]
    assert "losses: guest-loss" in line["guest_plugin"]
    assert "broken" in line["dark_plugin"]
    assert "No module named 'nowhere_to_be_found'" in line["dark_plugin"]


def test_list_as_json_names_every_kind(folder: Path) -> None:
    listed = {
        plugin["name"]: plugin for plugin in json.loads(plugins_command("list", "--json", "--plugins-dir", folder))
    }
    guest = listed["guest_plugin"]
    assert set(guest) == {"name", "distribution", "version", "origin", "status", "error", "provides"}
    assert set(guest["provides"]) == {hook.removeprefix("gantool_") for hook in KINDS.values()}
    assert guest["provides"]["losses"] == ["guest-loss"]
    assert (guest["status"], guest["error"], guest["origin"]) == ("ok", None, str(folder / "guest_plugin.py"))
    assert "mlp" in listed["gantool.architectures"]["provides"]["architectures"]
    assert listed["dark_plugin"]["status"] == "broken"


def test_show_tells_options_recipe_resolutions_and_owner() -> None:
    page = plugins_command("show", "dcgan")
    assert "architecture dcgan from gantool" in page
    assert "Resolutions" in page
    assert "loss=" in page
    width = next(line for line in page.splitlines() if line.startswith("│ width "))
    assert "[integer, at least" in width
    assert "; default 64]" in width


def test_show_as_json(folder: Path) -> None:
    shown = json.loads(plugins_command("show", "guest-loss", "--json", "--plugins-dir", folder))
    (component,) = shown["components"]
    assert shown["plugins"] == []
    assert (component["kind"], component["distribution"]) == ("loss", "guest_plugin")
    assert component["options"] == [
        {
            "name": "strength",
            "type": "number",
            "limits": "from 0 to 1",
            "default": "0.5",
            "help": "how much",
            "required": False,
        }
    ]
    (dcgan,) = json.loads(plugins_command("show", "dcgan", "--kind", "architecture", "--json"))["components"]
    assert dcgan["recipe"]["batch"] > 0
    assert 64 in dcgan["resolutions"]


def test_show_of_a_plugin_or_distribution_lists_what_it_provides(folder: Path) -> None:
    assert "losses: guest-loss" in plugins_command("show", "guest_plugin", "--plugins-dir", folder)
    named = json.loads(plugins_command("show", "gantool", "--json"))["plugins"]
    assert {plugin["distribution"] for plugin in named} == {"gantool"}
    assert len(named) > 1


def test_unknown_names_and_kinds_get_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'dcgan'"):
        plugins_command("show", "dcgam")
    with pytest.raises(UnknownNameError, match="There is no loss 'dcgan'"):
        plugins_command("show", "dcgan", "--kind", "loss")
    with pytest.raises(UsageError, match="Did you mean 'loss'"):
        plugins_command("show", "hinge", "--kind", "los")
    with pytest.raises(UsageError, match="no plugin folder"):
        plugins_command("list", "--plugins-dir", "/nowhere/at/all")
