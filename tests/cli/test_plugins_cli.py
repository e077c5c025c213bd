import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from gantool.api.kinds import KINDS
from gantool.api.specs import Architecture, OnCpu, Options, Recipe
from gantool.builtin.extractors import OF_A_FILE
from gantool.cli.app import app
from gantool.cli.describe import component_panel
from gantool.errors import GantoolError, UnknownNameError, UsageError
from gantool.plugins import host as host_module

PLUGIN = """
import gantool

class PluginOptions(gantool.Options):
    strength: float = gantool.option(0.5, "how much", ge=0, le=1)

@gantool.hookimpl
def gantool_losses():
    return [gantool.Component("plugin-loss", "A plugin's loss", PluginOptions, "some_plugin:build")]
"""


@pytest.fixture(autouse=True)
def fresh_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "_host", None)
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "some_plugin.py").write_text(PLUGIN)
    (tmp_path / "dark_plugin.py").write_text("import nowhere_to_be_found")
    return tmp_path


def plugins_command(*args: object) -> str:
    done = CliRunner().invoke(app, ["plugins", *map(str, args)])
    if isinstance(done.exception, GantoolError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_list_shows_built_ins_and_plugins_sound_or_not(folder: Path) -> None:
    table = plugins_command("list", "--plugins-dir", folder)
    line = {text.split()[0]: text for text in table.splitlines() if text.strip()}
    assert "dcgan" in line["gantool.builtin.architectures"]
    assert "built-in" in line["gantool.builtin.architectures"]
    assert "losses: plugin-loss" in line["some_plugin"]
    assert "broken" in line["dark_plugin"]
    assert "No module named 'nowhere_to_be_found'" in line["dark_plugin"]


def test_on_a_narrow_page_list_breaks_no_word(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def words() -> set[str]:
        text = plugins_command("list", "--plugins-dir", folder).partition("Not installed")[0]
        return {word.rstrip(",;") for word in text.split()}

    monkeypatch.setenv("COLUMNS", "400")
    wide = words() - {"plugin", "version", "origin", "status", "provides"}
    monkeypatch.setenv("COLUMNS", "80")
    assert words() == wide
    lines = plugins_command("list", "--plugins-dir", folder).splitlines()
    at = [line.rstrip() for line in lines].index("gantool.builtin.architectures  0.1.0  built-in  ok")
    assert lines[at + 1].startswith("    architectures: mlp, dcgan")


def test_a_recipe_without_penalties_on_a_cpu_is_shown_to_have_none() -> None:
    recipe = Recipe(penalties=("r1",), on_cpu=OnCpu(8, 1e-3, penalties=()))
    shown = Console(width=200, file=io.StringIO())
    shown.print(component_panel("architecture", Architecture("own", "Own", Options, "own:build", recipe), "own"))
    assert "on a CPU: batch=8  learning_rate=0.001  penalties=none" in shown.file.getvalue()


def test_list_as_json_names_every_kind(folder: Path) -> None:
    listed = {
        plugin["name"]: plugin for plugin in json.loads(plugins_command("list", "--json", "--plugins-dir", folder))
    }
    plugin = listed["some_plugin"]
    assert set(plugin) == {"name", "distribution", "version", "origin", "status", "error", "provides"}
    assert set(plugin["provides"]) == {kind.plural for kind in KINDS.values()}
    assert plugin["provides"]["losses"] == ["plugin-loss"]
    assert (plugin["status"], plugin["error"], plugin["origin"]) == ("ok", None, str(folder / "some_plugin.py"))
    assert "mlp" in listed["gantool.builtin.architectures"]["provides"]["architectures"]
    assert listed["dark_plugin"]["status"] == "broken"


def test_show_tells_options_recipe_resolutions_and_owner() -> None:
    page = plugins_command("show", "dcgan")
    assert "architecture dcgan from gantool" in page
    assert "Resolutions" in page
    assert "loss=" in page
    assert "{" not in page
    assert "on a CPU: batch=16  learning_rate=0.0005" in page
    width = next(line for line in page.splitlines() if line.startswith("│ width "))
    assert "[integer or auto, at least" in width
    assert "; default auto]" in width


@pytest.mark.parametrize("name", ["inception", "dinov2", "clip"])
def test_show_of_an_extractor_whose_weights_are_never_fetched_says_where_they_are(name: str) -> None:
    page = plugins_command("show", name)
    assert "".join(OF_A_FILE[name].split()) in "".join(page.replace("│", "").split())


def test_show_as_json(folder: Path) -> None:
    shown = json.loads(plugins_command("show", "plugin-loss", "--json", "--plugins-dir", folder))
    (component,) = shown["components"]
    assert shown["plugins"] == []
    assert (component["kind"], component["distribution"]) == ("loss", "some_plugin")
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
    assert "losses: plugin-loss" in plugins_command("show", "some_plugin", "--plugins-dir", folder)
    named = json.loads(plugins_command("show", "gantool", "--json"))["plugins"]
    assert {plugin["distribution"] for plugin in named} == {"gantool"}
    assert len(named) > 1


def test_unknown_names_and_kinds_get_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'dcgan'"):
        plugins_command("show", "dcgam")
    with pytest.raises(UnknownNameError, match="Did you mean 'dcgan'"):
        plugins_command("show", "DCGAN")
    with pytest.raises(UnknownNameError, match="There is no loss 'dcgan'"):
        plugins_command("show", "dcgan", "--kind", "loss")
    with pytest.raises(UsageError, match="Did you mean 'loss'"):
        plugins_command("show", "hinge", "--kind", "los")
    with pytest.raises(UsageError, match="no plugin folder"):
        plugins_command("list", "--plugins-dir", "/nowhere/at/all")


def loss_plugin(name: str) -> str:
    """A plugin in one file that brings a loss and is heard when it is imported and when it builds."""
    return (
        "import gantool\n"
        "print('imported')\n"
        "@gantool.hookimpl\n"
        "def gantool_losses():\n"
        f"    return [gantool.Component({name!r}, 'A loss', gantool.Options, __name__ + ':Sum')]\n"
        "class Sum:\n"
        "    pairs_real = False\n"
        "    def __init__(self, options):\n"
        "        print('built')\n"
        "    def discriminator(self, real_logits, fake_logits):\n"
        "        return (fake_logits - real_logits).exp()\n"
        "    def generator(self, real_logits, fake_logits):\n"
        "        return (-fake_logits).exp()\n"
    )


SOURCE = """
@gantool.hookimpl
def gantool_sources():
    return [gantool.Component("grey", "Eight grey pictures", gantool.Options, __name__ + ":Grey")]

class Grey:
    class_names = skipped = ()
    def __init__(self, options, resolution, channels):
        self.shape = (channels, resolution, resolution)
    def __len__(self):
        return 8
    def __getitem__(self, index):
        import torch
        return torch.full(self.shape, 20 * index, dtype=torch.uint8), None
"""


def test_four_broken_plugins_beside_a_good_one_cost_a_warning_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gantool: Callable[..., Any]
) -> None:
    """As a user meets it: installed distributions, listed and trained with by the command line."""
    broken = {
        "absent": ("import nowhere_to_be_found", "is broken and left out: ModuleNotFoundError"),
        "leaver": ("raise SystemExit(0)", "is broken and left out: it tried to end the program (exit code 0)."),
        "typo": (
            loss_plugin("x").replace("gantool_losses", "gantool_loses"),
            "no hook of gantool. Did you mean 'gantool_losses'?",
        ),
        "clash": (loss_plugin("hinge"), "is used in part: its loss 'hinge' is ignored, because gantool"),
    }
    for name, source in {
        "good": loss_plugin("sum") + SOURCE,
        **{name: source for name, (source, _) in broken.items()},
    }.items():
        (tmp_path / f"e2e_{name}.py").write_text(source)
        info = tmp_path / f"gantool_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: gantool-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[gantool]\n{name} = e2e_{name}\n")

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANTOOL_PLUGINS", ",".join(["good", *broken]))

    def run(*args: str) -> tuple[str, list[str]]:
        monkeypatch.setattr(host_module, "_host", None)  # each command is a process of its own for the user
        ended = gantool(*args)
        assert ended.code == 0, ended.err
        return ended.out, [line for line in ended.err.splitlines() if line.startswith("Warning: Plugin")]

    out, warnings = run("plugins", "list", "--json")
    states = {plugin["name"]: plugin["status"] for plugin in json.loads(out)}
    expected = {"good": "ok", "absent": "broken", "leaver": "broken", "typo": "broken", "clash": "clash"}
    assert expected.items() <= states.items()
    assert len(warnings) == 4
    for name, (_, complaint) in broken.items():
        (warning,) = [line for line in warnings if line.startswith(f"Warning: Plugin gantool-{name} 1.0 ")]
        assert complaint in warning
        assert not warning.endswith("?.")

    quick = ("--precision", "float32", "--name", "one")
    small = ("--arch", "mlp:generator_hidden=4,discriminator_hidden=4", "--data", "grey", "--resolution", "8")
    out, again = run("train", *small, "--loss", "sum", "--batch", "4", "--images", "8", "--device", "cpu", *quick)
    assert again == warnings
    assert "imported" not in out
    assert "built" not in out
    assert 'loss = "sum"' in (tmp_path / "runs" / "one" / "config.toml").read_text()
