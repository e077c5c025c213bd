"""Every command line of the pages parses; its components, flags and settings are real. Python blocks import."""

import ast
import importlib
import re
from pathlib import Path

import pytest
import typer
from command_lines import (
    COMMANDS,
    METAVAR,
    ROOT,
    SHELL,
    Line,
    blocks,
    components_of_page,
    in_prose,
    of_page,
    pages,
    spans,
)
from real_command import all_commands, make_host, parsed
from typer._click.exceptions import BadOptionUsage, MissingParameter, NoArgsIsHelpError, TyperException

import gantool
from gantool import commands
from gantool.api.kinds import KINDS
from gantool.api.run_config import ALIASES, SETTINGS
from gantool.api.specs import Architecture
from gantool.cli.components import KIND_OF_FLAG, flag_values
from gantool.cli.examples import EXAMPLES
from gantool.errors import GantoolError
from gantool.plugins.host import host, using
from gantool.run.components import resolve_source
from gantool.run.config import CHANGEABLE, FREE_ON_RESUME, WITHOUT_FLAG, validated
from gantool.run.resolve import given_settings, resolve

FACES = {"gantool": gantool, "commands": commands}
OTHER_FLAGS = {"--extractor", "--style-loss", "--metric"}
RUN_FLAGS = set(KIND_OF_FLAG) - OTHER_FLAGS
METAVARS = {
    "N": "8",
    "X": "0.5",
    "R": "64",
    "B": "16",
    "D": "shapes",
    "FOLDER": "photos",
    "KIND": "loss",
    "NAME": "dcgan",
}
"""Values of words in capitals; of the others the word itself will do, or a component after a component's flag."""
FOLDERS = ("photos", "sprites", "my-plugins", "emoji", "monet", "PICTURES", "FOLDER")
SAMPLE_PICTURE = ROOT / "docs/images/walk.png"


def own_texts() -> list[Line]:
    """The lines of what `gantool plugins show` says of architectures."""
    specs = make_host().specs("architecture").values()
    return [
        line for spec in specs if isinstance(spec, Architecture) for line in in_prose(f"{spec.name}:about", spec.about)
    ]


def of_help_pages() -> list[Line]:
    """The examples at the end of help pages."""
    return [Line(f"{name} --help", tuple(text.split()[1:])) for name, texts in EXAMPLES.items() for text in texts]


LINES = [line for page in pages() for line in of_page(page)] + own_texts() + of_help_pages()


@pytest.fixture
def everything(tmp_path, monkeypatch):
    """The host of all plugins here, in a folder with what the lines name."""
    monkeypatch.chdir(tmp_path)
    for name in FOLDERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.png").symlink_to(SAMPLE_PICTURE)
    for name in ("digits.zip", "emoji.zip", "monet.zip"):
        (tmp_path / name).write_bytes(b"PK\5\6" + bytes(18))
    with using(make_host(tmp_path / "shown")):
        yield host()


def filled_in(words, host):
    """The words with a value for each metavar: after a component's flag the first component of that kind."""
    filled: list[str] = []
    for word in words:
        kind, bare = KIND_OF_FLAG.get(filled[-1] if filled else ""), word.rstrip(".")
        if METAVAR.fullmatch(bare) and bare not in FOLDERS:
            word = "shapes" if kind == "source" else next(iter(host.specs(kind))) if kind else METAVARS.get(bare, bare)
        if word != "...":
            filled.append(word)
    return filled


def of_flags_alone(words):
    """The line of the first command that has all these flags; None where one of benchmarks has them."""
    flags = {word.partition("=")[0] for word in words if word.startswith("--")}
    for name, known in all_commands():
        if flags <= known:
            return (*name, *words)
    scripts = [path.read_text() for path in ROOT.glob("benchmarks/**/*.py")]
    assert any(all(f'"{flag}"' in text for flag in flags) for text in scripts), f"no command has {' '.join(flags)}"
    return None


def check(line, host):
    """Raise for what is wrong with a line."""
    words = filled_in(line.words, host)
    if line.flags_alone:
        words = of_flags_alone(words)
        if words is None or len(line.words) == 1:
            return
    components = {"train": RUN_FLAGS, "tune": RUN_FLAGS}.get(words[0], OTHER_FLAGS)
    for flag, text in flag_values(words, components):
        if flag == "--data":
            resolve_source(host, text)
        elif text not in ("none", "auto"):
            host.resolve(KIND_OF_FLAG[flag], text)
    try:
        name, values = parsed(words)
    except (MissingParameter, BadOptionUsage, NoArgsIsHelpError) as error:
        if not line.partial or "does not take" in str(error):
            raise
    except typer.Exit:  # --help
        return
    else:
        if words[:2] == ["plugins", "show"]:
            assert gantool_shows(host, values["name"]), f"there is nothing named {values['name']}"
        if name == "train":
            check_settings(values, host)


def gantool_shows(host, name):
    return any(name in host.specs(kind) for kind in KINDS) or any(plugin.is_called(name) for plugin in host.plugins)


def check_settings(values, host):
    """Settings of a run, as a run resolves them; data sets that would be downloaded give way to `shapes`."""
    settings = {
        key: value for key, value in values.items() if key in (*SETTINGS, *ALIASES) and value not in (None, [], ())
    }
    if not all(Path(one).is_dir() for one in settings.get("data", ())):
        settings["data"] = "shapes"
    if "arch" in settings:
        resolve(host, settings)
    else:
        validated({"arch": "mlp", "resolution": 32, **given_settings(settings, None)}, "The line")


def complaint(line, host):
    try:
        check(line, host)
    except (GantoolError, TyperException, AssertionError) as error:
        why = error.format_message() if isinstance(error, TyperException) else str(error)
        return f"{line.place}: {line.text}: {why}"
    return None


def test_every_command_line_parses_and_its_components_and_settings_are_real(everything):
    once = {(line.words, line.partial): line for line in reversed(LINES)}
    wrong = [told for line in once.values() if (told := complaint(line, everything))]
    assert not wrong, "\n".join(wrong)


WRONG = {
    "train --arch dcgan --resolutoin 64": "No such option",
    "train --arch dcgann": "no architecture",
    "train --arch dcgan --penalty r1:wieght=1": "wieght",
    "train --arch dcgan --resolution 48": "cannot do that size",
    "train --arch dcgan --batch 1": "--batch",
    "train --lr-schedule steps": "--lr-schedule",
    "stylize photo.jpg painting.jpg --style-loss gramm -o out.png": "no style-loss",
    "interpolate runs/first": "Missing option",
    "plugins shwo dcgan": "No such command",
    "plugins show dcgann": "there is nothing named",
    "mix RUN --colums 1": "No such option",
    "draw RUN": "no command",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_line_is_found(everything, text):
    assert WRONG[text] in (complaint(Line("page:1", tuple(text.split())), everything) or "")


def test_a_flag_that_no_command_has_is_found(everything):
    assert "no command has" in complaint(Line("page:1", ("--shuffle",), True, flags_alone=True), everything)


def test_the_page_names_all_settings_that_a_run_may_change_when_it_resumes():
    page = " ".join((ROOT / "docs/training.md").read_text(encoding="utf-8").split())
    about = page.partition("**`--resume RUN --change`**")[2].partition(" Everything else")[0]
    changes, free = (set(re.findall(r"`--([a-z0-9-]+)`", part)) for part in about.split("Settings of length"))
    spelt = {key: key.replace("_", "-") for key in SETTINGS if key not in WITHOUT_FLAG}
    options_alone = {"penalty", "augment"}
    assert changes == {spelt[key] for key in CHANGEABLE - options_alone} | {"lr"}
    assert free == {spelt[key] for key in FREE_ON_RESUME & spelt.keys()} | {
        "minutes",
        "change",
    }  # which they do without


def test_what_is_collected_is_not_nothing():
    found = {line.words[0] for line in LINES if not line.words[0].startswith("--")}
    assert set(COMMANDS) <= found
    assert len(LINES) > 200


def test_every_component_with_options_is_real(everything):
    wrong = []
    for where, text in [found for page in pages() for found in components_of_page(page)]:
        name = text.partition(":")[0]
        kinds = [kind for kind in KINDS if name in everything.specs(kind)]
        try:
            if kinds:
                everything.resolve(kinds[0], text)
            else:
                wrong.append(f"{where}: {text}: there is no component {name}")
        except GantoolError as error:
            wrong.append(f"{where}: {text}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_python_blocks_compile_and_the_names_that_they_import_exist(page):
    for *_, text in blocks(page, ("python",)):
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "gantool":
                module = importlib.import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{node.module}.{alias.name}"
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in FACES:
                assert hasattr(FACES[node.value.id], node.attr), f"{node.value.id}.{node.attr}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_scripts_that_pages_name_exist_and_have_the_flags(page):
    lines = [line for _, _, text in blocks(page, SHELL) for line in text.replace("\\\n", " ").splitlines()]
    for line in [*lines, *(text for _, text in spans(page))]:
        found = re.match(r"python (\S+\.py)(.*)", line)
        if found and not found[1].startswith("-"):
            script = ROOT / found[1]
            assert script.is_file(), line
            text = "".join(path.read_text() for path in script.parent.glob("*.py"))
            for flag in re.findall(r"(?<= )--[a-z][a-z-]*", found[2].partition("#")[0]):
                assert f'"{flag}"' in text, f"{found[1]} has no {flag}"
