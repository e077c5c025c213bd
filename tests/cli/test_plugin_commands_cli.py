"""Commands that plugins add: found, listed, completed, called; and what a user sees of those that do not work."""

import json
import os
import subprocess
import sys

import pytest
from typer.main import get_command

from gantool.cli import commands
from gantool.cli.app import app
from gantool.plugins import host as host_module
from gantool.plugins.selection import imported

PLUGIN = """
import gantool

@gantool.hookimpl
def gantool_commands():
    names = ["mix", "group", "gone", "leaver", "number", "many", "later", "odd", "crash", "tell", "stop", "train"]
    names += ["paint"]
    return [gantool.Command(name, f"Summary of {name}", PLACES.get(name, f"heavy_commands:{name}")) for name in names]

PLACES = {"gone": "no_such_module:run", "leaver": "leaving_commands:run"}
"""
HEAVY = '''
import typer
from pathlib import Path
from typing import Annotated, Literal
import gantool

print("imported")
number = 3
group = typer.Typer(help="Two of them.")

def paint(model: Path, tone: Literal["red", "blue"], photos: list[Path], n: Annotated[int, typer.Argument()] = 3):
    """Paint photos."""

def mix(model: Path, strength: Annotated[float, typer.Option(min=0, help="how much")] = 1.0):
    """Draw a sheet of styles.

    A line ends here,
    but no sentence.
    """
    print(f"mixed {model} {strength}")

@group.callback()
def both(dark: bool = False):
    """Two of them."""

@group.command()
def one(count: int = 1):
    print(f"one {count}")

@group.command()
def two(): ...

def many(*names: str): ...
async def later(): ...
def odd(choice: int | bytes): ...
def crash():
    return 1 / 0
def tell():
    raise gantool.GantoolError("There is no bread.")
def stop():
    raise typer.Exit(7)
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("GANTOOL_PLUGINS", raising=False)
    monkeypatch.setattr(host_module, "_host", None)
    place, library = tmp_path / "my-plugins", tmp_path / "library"
    place.mkdir()
    library.mkdir()
    (place / "mixing_plugin.py").write_text(PLUGIN)
    (place / "twin_plugin.py").write_text(PLUGIN.replace("names = [", 'names = ["own", '))
    (library / "heavy_commands.py").write_text(HEAVY)
    (library / "leaving_commands.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(library)
    yield place
    sys.modules.pop("heavy_commands", None)


@pytest.fixture
def everywhere(folder, monkeypatch):
    """The folder by the environment, so that no command needs to name it."""
    monkeypatch.setenv("GANTOOL_PLUGINS_DIR", str(folder))
    return folder


def error_of(ended):
    (line,) = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
    return line


def test_a_command_is_imported_when_called_and_its_results_go_to_standard_output(gantool, everywhere):
    assert gantool("plugins", "list").code == 0
    assert "heavy_commands" not in sys.modules
    ended = gantool("mix", "runs/one", "--strength", "2")
    assert (ended.code, ended.out) == (0, "mixed runs/one 2.0\n"), ended.err
    assert "imported" in ended.err
    assert gantool("mix", "runs/one", "--strength", "-1").code == 2
    assert gantool("stop").code == 7


@pytest.mark.parametrize("form", [("--plugins-dir", "{}"), ("--plugins-dir={}",)])
def test_a_command_is_found_in_a_folder_that_its_own_arguments_name(gantool, folder, form):
    flag = [part.format(folder) for part in form]
    assert gantool("mix", "m", *flag).out == "mixed m 1.0\n"
    assert gantool("group", "one", "--count", "2", *flag).out == "one 2\n"
    page = gantool("group", "--help", *flag).out
    assert "--dark" in page
    assert "<bool>" not in page


def test_its_help_is_typers_with_the_folder_option(gantool, folder):
    ended = gantool("mix", "--plugins-dir", folder, "--help")
    assert ended.code == 0
    assert "Draw a sheet of styles." in ended.out
    assert "how much" in ended.out
    assert "--plugins-dir" in ended.out


def test_lines_of_its_docstring_are_none_on_its_page(gantool, folder):
    assert " A line ends here, but no sentence." in gantool("mix", "--plugins-dir", str(folder), "--help").out


def test_its_arguments_are_named_in_capitals_with_their_choices(gantool, folder):
    page = gantool("paint", "--plugins-dir", folder, "--help").out
    assert "Usage: gantool paint [OPTIONS] MODEL TONE PHOTOS... [N]" in page
    assert "TONE <red|blue>" in " ".join(page.split())
    assert "<path>" not in page
    refused = gantool("paint", "--plugins-dir", folder, "m").err
    assert "TONE" in refused


def test_the_root_page_lists_commands_with_their_plugins(gantool, everywhere):
    page = gantool("--help").out
    assert "Summary of mix (mixing_plugin)" in page
    assert "Summary of own (twin_plugin)" in page
    assert "Summary of train" not in page
    assert page.count("Summary of mix") == 1
    assert "heavy_commands" not in sys.modules


def test_a_name_in_use_stays_with_its_owner_and_the_clash_is_told(gantool, everywhere):
    ended = gantool("plugins", "list", "--json")
    listed = {plugin["name"]: plugin for plugin in json.loads(ended.out)}
    assert listed["gantool.cli.commands"]["provides"]["commands"][0] == "train"
    assert "mix" in listed["mixing_plugin"]["provides"]["commands"]
    assert listed["twin_plugin"]["provides"]["commands"] == ["own"]
    assert listed["mixing_plugin"]["status"] == "clash"
    assert "its command 'train' is ignored, because gantool" in ended.err
    assert "its command 'mix' is ignored, because mixing_plugin" in ended.err
    assert "Train a generator" in gantool("train", "--help").out


def test_show_tells_of_a_command(gantool, everywhere):
    assert "`gantool mix --help` shows its options." in gantool("plugins", "show", "mix").out
    (facts,) = json.loads(gantool("plugins", "show", "mix", "--json").out)["components"]
    assert (facts["kind"], facts["distribution"]) == ("command", "mixing_plugin")
    assert facts["factory"] == "heavy_commands:mix"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone", "importing no_such_module:run failed (ModuleNotFoundError: No module named 'no_such_module')"),
        ("leaver", "it tried to end the program (exit code 3)"),
        ("number", "heavy_commands:number is no function or class"),
        ("many", "it takes *names"),
        ("later", "it is an async function"),
        ("odd", "Typer does not understand heavy_commands:odd"),
    ],
)
def test_a_command_that_cannot_be_used_is_a_sentence_that_names_its_plugin(gantool, everywhere, name, words):
    for arguments in ((name,), (name, "--help")):
        ended = gantool(*arguments)
        assert (ended.code, ended.out) == (1, "")
        assert error_of(ended).startswith(f"Error: Command '{name}' of mixing_plugin cannot be used: ")
        assert words in error_of(ended)


def test_what_a_command_raises_is_a_sentence(gantool, everywhere, monkeypatch):
    monkeypatch.delenv("GANTOOL_DEBUG", raising=False)
    ended = gantool("crash")
    assert ended.code == 1
    assert error_of(ended) == (
        "Error: Command 'crash' of mixing_plugin failed: ZeroDivisionError: division by zero. "
        "GANTOOL_DEBUG=1 shows where."
    )
    ended = gantool("tell")
    assert (ended.code, error_of(ended)) == (1, "Error: There is no bread.")


def test_an_unknown_command_gets_the_nearest_and_a_broken_plugin_the_blame(gantool, everywhere):
    ended = gantool("mixx")
    assert ended.code == 2
    assert "There is no command 'mixx'. Did you mean 'mix'?" in error_of(ended)
    assert "Did you mean 'sample'?" in error_of(gantool("smaple"))
    assert "A plugin may bring it" not in error_of(gantool("smaple"))
    of_a_group = gantool("data", "chek")
    assert of_a_group.code == 2
    assert error_of(of_a_group) == (
        "Error: There is no command 'data chek'. Did you mean 'data check'? There are: check, shard, index."
    )
    (everywhere / "dark_plugin.py").write_text("import nowhere_to_be_found")
    host_module._host = None
    ended = gantool("dark-plugin")
    assert ended.code == 1
    assert "plugin dark_plugin is broken (ModuleNotFoundError" in error_of(ended)
    assert "Broken plugins that may have it: dark_plugin (ModuleNotFoundError" in error_of(gantool("project"))


def test_own_commands_are_known_to_the_host_as_they_are():
    root = get_command(app)
    specs = {spec.name: spec for spec in commands.gantool_commands()}
    assert list(specs) == list(root.commands)
    for name, command in root.commands.items():
        assert specs[name].summary == command.get_short_help_str(200)
        assert callable(imported(name, "gantool", specs[name].function))


def run(*arguments, **environ):
    return subprocess.run(
        [sys.executable, "-m", "gantool", *arguments],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
    )  # fmt: skip


@pytest.mark.long
def test_names_and_options_of_commands_are_completed(everywhere):
    def complete(line):
        done = run(_GANTOOL_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=line)
        assert "Error" not in done.stderr
        return done.stdout

    assert '"mix"' in complete("gantool m")
    assert '"tell"' in complete("gantool t")
    assert '"train"' in complete("gantool t")
    assert '"--strength"' in complete("gantool mix --st")
    assert "--st" not in complete("gantool nothing --st")
    assert "--st" not in complete("gantool gone --st")


def test_own_commands_do_not_load_plugins_to_be_found(everywhere):
    code = (
        "import sys; from gantool.cli.main import main\n"
        "sys.argv = ['gantool', 'sample', '--help']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "print('gantool.plugins.host' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"
