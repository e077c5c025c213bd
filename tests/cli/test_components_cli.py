from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from gantool import commands
from gantool.cli.components import ComponentCommand, PluginsDir, complete
from gantool.cli.output import result
from gantool.errors import UnknownNameError, UsageError
from gantool.plugins import host as host_module
from gantool.plugins.host import host

PLUGIN = """
import gantool

class PluginOptions(gantool.Options):
    strength: float = gantool.option(0.5, "how much of it", ge=0, le=1)

@gantool.hookimpl
def gantool_architectures():
    recipe = gantool.Recipe(loss="hinge", batch=7)
    return [gantool.Architecture("plugin-arch", "A plugin", PluginOptions, "plugin_help:build", recipe)]
"""


@pytest.fixture(autouse=True)
def fresh_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "_host", None)
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    monkeypatch.setenv("COLUMNS", "180")


@pytest.fixture
def command() -> Callable[..., tuple[int, str, str]]:
    app = typer.Typer()

    @app.command(cls=ComponentCommand)
    def build(
        arch: Annotated[str | None, typer.Option("--arch", autocompletion=complete("architecture"))] = None,
        penalty: Annotated[list[str] | None, typer.Option("--penalty")] = None,
        data: Annotated[str | None, typer.Option("--data")] = None,
        plugins_dir: PluginsDir = None,
    ) -> None:
        result(f"{arch} {sorted(host().specs('architecture'))}")

    def run(*args: object) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, list(map(str, args)))
        if isinstance(done.exception, UsageError):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


def test_help_without_a_choice_lists_the_names_for_each_flag_of_the_command(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, _ = command("--help")
    assert code == 0
    components = out[out.index("Components: ") :]
    for name in ("--arch", "mlp", "dcgan", "--penalty", "r1", "--data", "shapes"):
        assert name in components
    assert "--loss" not in components
    assert "hinge" not in components


@pytest.mark.parametrize(
    "args",
    [
        ("--arch", "dcgan", "--help"),
        ("--help", "--arch=dcgan:width=8"),
        ("--penalty", "r1", "--arch", "dcgan", "--help"),
    ],
)
def test_help_tells_the_options_of_the_chosen_components(
    command: Callable[..., tuple[int, str, str]], args: tuple[str, ...]
) -> None:
    code, out, err = command(*args)
    assert (code, err) == (0, "")
    assert "--plugins-dir" in out
    panel = out[out.index("architecture dcgan from gantool") :]
    for name in host().find("architecture", "dcgan").options.model_fields:
        assert name in panel
    assert "Recipe" in panel
    assert "Components: " not in out
    assert ("penalty r1 from gantool" in out) == ("r1" in args)


def test_the_page_of_a_component_with_a_required_option_has_no_error(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    for text in ("folder", "folder:"):
        code, out, err = command("--data", text, "--help")
        assert (code, err) == (0, "")
        assert "source folder from gantool" in out


def test_a_wrong_choice_still_shows_help_with_the_error(command: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = command("--arch", "dcgam", "--help")
    assert code == 0
    assert "Usage" in out
    assert err.startswith("Error: There is no architecture 'dcgam'. Did you mean 'dcgan'?")
    _, out, err = command("--arch", "dcgan:widht=3", "--help")
    assert "architecture dcgan from gantool" in out
    assert "Did you mean 'width'?" in err


def test_a_path_as_source_is_no_unknown_name(command: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    assert command("--data", tmp_path, "--help")[2] == ""
    assert "no source 'shapse'" in command("--data", "shapse", "--help")[2]


def test_a_plugin_folder_works_for_running_and_for_help(
    command: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "plugin_help.py").write_text(PLUGIN)
    out = command("--arch", "plugin-arch", "--help", "--plugins-dir", tmp_path)[1]
    assert "how much of it" in out
    assert "number, from 0 to 1" in out
    assert "loss=hinge" in out
    assert "batch=7" in out
    assert "any" in out[out.index("Resolutions") :]
    assert "plugin-arch" in command("--plugins-dir", tmp_path)[1]
    with pytest.raises(UsageError, match="no plugin folder"):
        command("--plugins-dir", tmp_path / "absent", "--help")


def test_after_two_dashes_nothing_is_a_choice(command: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = command("--", "--arch", "dcgan", "--help")
    assert code == 2
    assert "architecture" not in err


def test_completion_gives_names_then_options_then_choices() -> None:
    names = complete("architecture")
    assert dict(names("dc"))["dcgan"] == host().find("architecture", "dcgan").summary
    options = [value for value, _ in names("dcgan:wi")]
    assert "dcgan:width=" in options
    after_one = [value for value, _ in names("dcgan:width=8,")]
    assert "dcgan:width=8,leak=" in after_one
    assert "dcgan:width=8,width=" not in after_one
    assert [value for value, _ in names("dcgan:shrink=")] == ["dcgan:shrink=stride", "dcgan:shrink=pool"]
    assert names("nothing:") == []
    assert names("dcgan:leak=") == []


def test_a_command_opens_a_source_as_training_does(tmp_path: Path):
    for index in range(3):
        Image.new("L", (24, 20), 40 * index).save(tmp_path / f"{index}.png")
    grey = commands.open_source(str(tmp_path), channels=1)
    assert len(grey) == 3
    assert grey[0][0].shape == (1, 16, 16)
    assert commands.open_source(f"{tmp_path}:fit=pad", 8)[0][0].shape == (1, 8, 8)
    assert commands.open_source("shapes:count=5")[4][0].shape == (3, 32, 32)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'shapes'\?"):
        commands.open_source("shape")
