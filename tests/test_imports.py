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
GUESTS = Path(__file__).parents[1] / "plugins"
PLUGINS = {
    "plugins",
    "plugin_choice",
    "plugin_loading",
    "plugin_specs",
    "plugin_checks",
    "plugin_recipes",
    "plugin_status",
    "plugin_blame",
}
COMPONENT_ROOM = {"components", "contracts", "hookspecs", "errors", "pixels", "progress"}

# What each room may import besides its own siblings. A room is a folder or a top-level file; `engine.files` and the
# like are single files of a room that others may use without seeing the rest of it, `data.__init__` its catalogue.
MAY_IMPORT: dict[str, set[str]] = {
    # Each on first use.
    FACE: {
        "assembly", "components", "config", "contracts", "engine.events", "engine.export", "errors", "hookspecs",
        "latent_files", "model",
    },
    "commands": {"cli", "data.whole", "pixels", "progress", "render", "stylizing"},
    "__main__": {"cli"},
    "errors": set(),
    "pixels": set(),
    "latents": set(),
    "progress": set(),
    "components": set(),
    "engine.events": set(),
    "option_types": {"errors"},
    "grammar": {"components", "errors", "option_types"},
    "hookspecs": {"components"},
    "contracts": {"errors", "engine.events"},
    "plugin_recipes": {"components", "errors"},
    "plugin_specs": {"components", "errors", "option_types", "plugin_recipes"},
    "plugin_loading": {FACE, "components", "errors", "hookspecs", "plugin_specs"},
    "plugin_checks": {"errors"},
    "plugin_status": {"errors", "hookspecs", "plugin_loading"},
    "plugin_choice": {"components", "errors", "grammar", "plugin_checks", "plugin_loading"},
    "plugins": {
        "components", "errors", "grammar", "hookspecs", "plugin_choice", "plugin_loading", "plugin_status",
    },
    "plugin_blame": {"errors", "plugin_loading", "plugins"},
    "config": {"components", "errors", "grammar", "option_types"},
    "resolve": {"components", "config", "engine.devices", "errors", "grammar", "option_types", "recipes", *PLUGINS},
    "recipes": {"components", "config", "errors", *PLUGINS},
    "locate": {"engine.best", "engine.export", "errors"},
    "chunks": {"contracts", "errors", "progress"},
    "runs": {"config", "engine.best", "engine.checkpoint", "engine.files", "errors"},
    "latent_files": {"engine.export", "engine.files", "errors", "render"},
    "model": {
        "chunks", "contracts", "engine.export", "errors", "latent_files", "latents", "locate", "pixels", "render",
    },
    "architectures": COMPONENT_ROOM,
    "losses": COMPONENT_ROOM | {"augment"},
    "augment": COMPONENT_ROOM,
    "balance": COMPONENT_ROOM,
    "style": COMPONENT_ROOM,
    "extractors": COMPONENT_ROOM | {"data.cache_folder", "engine.files"},
    "metrics": COMPONENT_ROOM | {"data"},
    "data": COMPONENT_ROOM | {"engine.files"},
    "observers": COMPONENT_ROOM | {"data.reduced", "engine.best", "engine.events", "engine.files", "metrics", "render"},
    "render": {"engine.files", "errors", "pixels"},
    "engine": {"components", "config", "contracts", "errors", "latents", "pixels"},
    "building": {"anything but cli"},
    "conflicts": {"config", "contracts", "errors", "plugin_choice", "plugins"},
    "doubts": {"config", "conflicts", "contracts", "odds", "option_types", "plugin_choice", "plugins"},
    "odds": {"components", "config", "conflicts", "contracts", "errors", "plugin_choice", "plugins"},
    "forecasting": {"anything but cli"},
    "providers": {"engine.checkpoint", "engine.export", "errors", "locate", "plugins"},
    "stylizing": {"anything but cli"},
    "assembly": {"anything but cli"},
    "managing": {FACE, "components", "data.cache_folder", "engine.files", "errors", "hookspecs", "testing", *PLUGINS},
    "tuning": {
        "assembly", "config", "engine.checkpoint", "engine.events", "engine.files", "engine.trainer", "errors",
        "grammar", "plugins", "progress", "resolve", "runs",
    },
    "testing": {"anything but cli"},
    "testing.commands": {"cli", "plugin_choice"},
    "testing.fixtures": {"cli", "plugins"},
    "cli": {
        FACE, "assembly", "components", "config", "data.__init__", "data.check", "data.frames", "data.inspection",
        "data.report", "data.tree", "data.whole", "engine.events", "engine.lock", "engine.stages", "engine.trainer",
        "errors", "forecasting", "grammar", "hookspecs", "latent_files", "latents", "locate", "managing", "metrics",
        "model", "option_types", "pixels", "progress", "recipes", "render", "resolve", "runs", "style", "stylizing",
        "tuning", *PLUGINS,
    },
}  # fmt: skip

TEMPLATES = SRC / "managing" / "templates"  # packages of plugins that are not written yet
FILES = sorted(path for path in SRC.rglob("*.py") if TEMPLATES not in path.parents)


def module_of(path: Path) -> str:
    """`engine/step.py` is engine.step, `data/__init__.py` is data, the face is gantool."""
    parts = path.relative_to(SRC).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) or FACE


MODULES = {module_of(path) for path in FILES}


def room_of(module: str) -> str:
    return module if module in MAY_IMPORT else module.partition(".")[0]


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
    if room_of(module) not in MAY_IMPORT:
        return [f"{module} lies in a room the table does not know"]
    return [f"{module} imports {target}" for target in targets if not may_import(module, target)]


def may_import(module: str, target: str) -> bool:
    room, folder, target_folder = room_of(module), module.partition(".")[0], target.partition(".")[0]
    if MAY_IMPORT[room] == {"anything but cli"}:
        return target_folder != "cli"
    sibling = folder == target_folder and room != "engine.events"
    return sibling or bool({target, f"{target}.__init__", room_of(target), target_folder} & MAY_IMPORT[room])


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    assert forbidden(module_of(path), imported(ast.parse(path.read_text()))) == []


def test_the_test_sees_what_is_forbidden() -> None:
    def wrong(module: str, source: str) -> list[str]:
        return forbidden(module, imported(ast.parse(source)))

    assert wrong("engine.step", "from gantool.plugins import host")
    assert wrong("engine.step", "def f():\n    from gantool.cli import output")
    assert wrong("architectures.dcgan", "from gantool.engine.step import x")
    assert wrong("observers.console", "from gantool import model")
    assert wrong("engine.events", "from gantool.engine.files import x")
    assert wrong("render.grids", "import gantool.engine.trainer")
    assert wrong("assembly", "from gantool.cli.output import warn")
    assert wrong("attic", "import os") == ["attic lies in a room the table does not know"]
    assert wrong("attic.old", "import os")
    assert not wrong("render.grids", "from gantool.engine.files import x\nfrom gantool.render import pictures")
    assert not wrong("assembly", "from gantool.plugins import host")


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


def test_rooms_of_components_are_named_to_the_host_as_strings_only() -> None:
    for room in PLUGINS:
        source = (SRC / f"{room}.py").read_text()
        assert not {"architectures", "losses", "augment", "balance", "data", "extractors", "observers"} & {
            target.partition(".")[0] for target in imported(ast.parse(source))
        }


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


@pytest.mark.parametrize("path", [*sorted(GUESTS.glob("*/src/**/*.py")), *sorted(GUESTS.glob("*/tests/*.py"))])
def test_our_own_plugins_import_only_what_is_promised(path: Path) -> None:
    promised = {FACE, "commands", "testing"} if path.parent.name == "tests" else {FACE, "commands"}
    assert set(imported(ast.parse(path.read_text()))) <= promised


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.py")))
def test_new_plugins_import_only_what_is_promised(path: Path) -> None:
    assert set(imported(ast.parse(path.read_text()))) <= {FACE, "commands", "testing"}


def test_importing_the_face_and_the_catalogues_imports_no_torch() -> None:
    code = (
        "import importlib, sys, gantool, gantool.plugins\n"
        "[importlib.import_module(name) for name in gantool.plugins.BUILT_INS]\n"
        "gantool.Architecture, gantool.option, gantool.hookimpl, gantool.RunConfig\n"
        "from gantool.commands import ModelPath, Truncation, Scale, Device, Overwrite, Json, complete, parse_seeds\n"
        "[importlib.import_module(f'gantool.managing.{room}') for room in ('checking', 'installing', 'scaffold')]\n"
        "print(sorted({'torch', 'torchvision', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", sorted(MODULES - {FACE, "__main__"}))
def test_every_module_can_be_imported_and_says_what_it_is(module: str) -> None:
    assert importlib.import_module(f"gantool.{module}").__doc__
