"""Who may import whom (docs/design.md), read from the source: a convention that matters is a test."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import gantool
import gantool.commands

SRC = Path(gantool.__file__).parent

FACE = "gantool"
FACES = (gantool, gantool.commands)
PLUGINS = Path(__file__).parents[1] / "plugins"

# What each room may import besides itself, from the ground up: a room is a folder or a file, named by its longest match
# here, and may import a room only where that stands above it. The rooms of components know authors' API and no engine.
COMPONENT = {"errors", "homes", "pixels", "api"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "hints": {"errors"},
    "pixels": set(),
    "progress": set(),
    "reading": set(),
    "signals": set(),
    "processes": set(),
    "homes": set(),
    "letters": set(),
    "arguments": {"errors"},
    "files": {"errors", "progress", "processes"},
    "api": {"errors"},
    "plugins": {"errors", "hints", "homes", "signals", "api", FACE},
    "engine": {*COMPONENT, "arguments", "hints", "progress", "reading", "files", "signals"},
    "data": {*COMPONENT, "arguments", "progress", "reading", "processes", "files"},
    "render": {"errors", "letters", "pixels", "files"},
    "metrics": {"pixels"},
    "report": {"errors", "api", "reading", "files", "engine"},
    "builtin": COMPONENT,
    "builtin.sources": {*COMPONENT, "progress", "files", "data"},
    "builtin.extractors": {*COMPONENT, "progress", "reading", "files"},
    "builtin.style_losses": COMPONENT,
    "builtin.metrics": {*COMPONENT, "metrics"},
    "builtin.observers": {*COMPONENT, "reading", "files", "engine", "data", "render", "metrics", "report"},
    "sampling": {*COMPONENT, "arguments", "progress", "reading", "files", "plugins", "engine", "render"},
    "exporting": {"errors", "arguments", "api", "files", "engine", "render", "sampling", FACE},
    "run": {
        *COMPONENT, "arguments", "hints", "letters", "progress", "reading", "files", "plugins", "engine", "data",
        "sampling",
    },
    "publishing": {"errors", "engine", "render", "report", "sampling", "run"},
    "evaluation": {
        *COMPONENT, "arguments", "progress", "reading", "files", "plugins", "engine", "data", "render", "metrics",
        "builtin.extractors", "sampling", "run", FACE,
    },
    "style": {
        *COMPONENT, "files", "exporting", "plugins", "engine", "data", "builtin.extractors", "builtin.style_losses",
    },
    "tuning": {"errors", "progress", "reading", "files", "api", "plugins", "engine", "run"},
    "explore": {"errors", "pixels", "engine", "render", "report", "sampling"},
    "testing": {*COMPONENT, "plugins", "engine", "sampling", "run"},
    "plugin_tools": {"errors", "homes", "reading", "files", "api", "plugins", "testing", FACE},
    "cli": {
        *COMPONENT, "hints", "progress", "reading", "files", "signals", "plugins", "engine", "data", "render",
        "report", "sampling", "exporting", "run", "publishing", "evaluation", "style", "tuning", "explore",
        "plugin_tools", FACE,
    },
    "testing.commands": {"errors", "plugins", "cli"},
    "testing.fixtures": {"plugins", "cli"},
    # The faces, on first use.
    FACE: {"errors", "files", "api", "engine", "data", "sampling", "exporting", "run", "evaluation"},
    "commands": {"pixels", "progress", "data", "render", "style", "cli"},
    "__main__": {"cli"},
}  # fmt: skip

TEMPLATES = SRC / "plugin_tools" / "templates"  # packages of plugins that are not written yet
FILES = sorted(path for path in SRC.rglob("*.py") if TEMPLATES not in path.parents)


def module_of(path: Path) -> str:
    """`engine/step.py` is engine.step, `data/__init__.py` is data, the face is gantool."""
    parts = path.relative_to(SRC).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) or FACE


MODULES = {module_of(path) for path in FILES}


def room_of(module: str) -> str:
    """The longest row of the table that holds a module; "" where there is none."""
    return max((row for row in MAY_IMPORT if f"{module}.".startswith(f"{row}.")), key=len, default="")


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules of gantool that a file imports anywhere, without the leading `gantool.`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == FACE:
                    yield alias.name.removeprefix("gantool.")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            if node.module == FACE:
                yield from (alias.name if alias.name in MODULES else FACE for alias in node.names)
            elif (node.module or "").startswith("gantool."):
                base = (node.module or "").removeprefix("gantool.")
                for alias in node.names:
                    yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base


def forbidden(module: str, targets: Iterator[str]) -> list[str]:
    """The imports of a module that the table does not allow."""
    room = room_of(module)
    if not room:
        return [f"{module} lies in a room the table does not know"]
    allowed = {room.partition(".")[0], *MAY_IMPORT[room]}
    return [
        f"{module} imports {target}" for target in targets if not {room_of(target), target.partition(".")[0]} & allowed
    ]


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    assert forbidden(module_of(path), imported(ast.parse(path.read_text()))) == []


def test_the_test_sees_what_is_forbidden() -> None:
    def wrong(module: str, source: str) -> list[str]:
        return forbidden(module, imported(ast.parse(source)))

    assert wrong("engine.step", "from gantool.plugins.host import host")
    assert wrong("engine.step", "def f():\n    from gantool.cli import output")
    assert wrong("builtin.architectures.dcgan", "from gantool.engine.step import x")
    assert wrong("builtin.observers.console", "from gantool.sampling import model")
    assert wrong("api.events", "from gantool.files import x")
    assert wrong("render.grids", "import gantool.engine.trainer")
    assert wrong("run.start", "from gantool.cli.output import warn")
    assert wrong("attic", "import os") == ["attic lies in a room the table does not know"]
    assert wrong("attic.old", "import os")
    assert not wrong("render.grids", "from gantool.files import x\nfrom gantool.render import pictures")
    assert not wrong("run.start", "from gantool.plugins.host import host")
    assert not wrong("builtin.losses.relativistic", "from gantool.builtin.losses import LossOptions")


def test_a_row_of_the_table_allows_only_rows_above_it() -> None:
    above: set[str] = {FACE}  # for its version
    for row, allowed in MAY_IMPORT.items():
        assert allowed <= above, row
        above.add(row)


def test_there_are_no_cycles() -> None:
    """Between files, counting only what runs when a module is imported: a cycle there depends on who comes first."""
    graph = {module_of(path): set(at_import(ast.parse(path.read_text()))) & MODULES for path in FILES}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for target in sorted(graph[module] - {module}):
                visit(target, (*trail, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def at_import(tree: ast.Module) -> Iterator[str]:
    """The imports outside functions and `if TYPE_CHECKING`."""
    body = [
        node
        for node in tree.body
        if not isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    return imported(ast.Module(body, []))


@pytest.mark.parametrize("face", FACES)
def test_a_face_lists_every_name_it_offers(face: ModuleType) -> None:
    assert {*face.__all__, "__version__"} == {"__version__", *face._MODULE_OF}
    tree = ast.parse(Path(face.__file__ or "").read_text())
    checked = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gantool")
        for alias in node.names
    }
    assert checked == set(face._MODULE_OF)  # what type checkers see is what there is


@pytest.mark.parametrize(("face", "name"), [(face, name) for face in FACES for name in face.__all__])
def test_every_name_of_a_face_is_importable(face: ModuleType, name: str) -> None:
    assert getattr(face, name) is not None


@pytest.mark.parametrize("face", FACES)
def test_a_face_knows_no_other_name(face: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"module '{face.__name__}' has no attribute 'no_such_name'"):
        face.no_such_name  # noqa: B018
    assert dir(face) == sorted(face.__all__)


@pytest.mark.parametrize("path", [*sorted(PLUGINS.glob("*/src/**/*.py")), *sorted(PLUGINS.glob("*/tests/*.py"))])
def test_our_own_plugins_import_only_what_is_promised(path: Path) -> None:
    promised = {FACE, "commands", "testing"} if path.parent.name == "tests" else {FACE, "commands"}
    assert set(imported(ast.parse(path.read_text()))) <= promised


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.py")))
def test_new_plugins_import_only_what_is_promised(path: Path) -> None:
    assert set(imported(ast.parse(path.read_text()))) <= {FACE, "commands", "testing"}


def test_importing_the_face_and_the_catalogues_imports_no_torch() -> None:
    code = (
        "import importlib, sys, gantool, gantool.plugins.host\n"
        "[importlib.import_module(name) for name in gantool.plugins.host.BUILT_INS]\n"
        "gantool.Architecture, gantool.option, gantool.hookimpl, gantool.RunConfig\n"
        "from gantool.commands import ModelPath, Truncation, Scale, Device, Overwrite, Json, complete, parse_seeds\n"
        "[importlib.import_module(f'gantool.plugin_tools.{room}') for room in ('doctor', 'install', 'scaffold')]\n"
        "import gantool.run.config, gantool.testing.declaring\n"
        "print(sorted({'torch', 'torchvision', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", sorted(MODULES - {FACE, "__main__"}))
def test_every_module_can_be_imported_and_says_what_it_is(module: str) -> None:
    assert importlib.import_module(f"gantool.{module}").__doc__


def test_files_of_tests_have_names_of_their_own() -> None:
    """pytest imports them by their names alone: two of one name stop the whole suite before its first test."""
    places = [Path(__file__).parent, *PLUGINS.glob("*/tests")]
    names = [file.name for place in places for file in place.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
