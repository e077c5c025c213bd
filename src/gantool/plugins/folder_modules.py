"""Files and packages of a plugin folder, imported as top-level modules."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from gantool.errors import PluginError, cause

_from_folders: dict[str, Path] = {}


def import_file(name: str, file: Path) -> ModuleType:
    """Import a file as the top-level module `name`, so that its factories are found under it."""
    if name in _from_folders and _from_folders[name] != file:
        for stale in [other for other in sys.modules if other == name or other.startswith(f"{name}.")]:
            del sys.modules[stale]
    elif name in _from_folders and name in sys.modules:
        return sys.modules[name]
    if not name.isidentifier():
        raise PluginError(f"{file} cannot be imported under that name; rename it to letters, digits and underscores")
    other = sys.modules[name] if name in sys.modules else importlib.util.find_spec(name)
    if isinstance(other, ModuleSpec) and other.loader is None:
        other = None  # a folder without code, such as a run's in the working directory
    if other is not None and not _is(file, other):
        raise PluginError(f"another module is named {name!r} already; rename {file}")
    if isinstance(other, ModuleType):
        return other
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise PluginError(f"{file} is no Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if advice := advice_on(error, name, file):
            raise PluginError(f"{cause(error)}.{advice}") from error
        raise
    _from_folders[name] = file
    return module


def advice_on(error: BaseException, name: str, file: Path | None = None) -> str:
    """The remedy for a module that was not found although it lies in the folder of this plugin; else an empty text."""
    file = file or _from_folders.get(name)
    if file is None or not isinstance(error, ModuleNotFoundError):
        return ""
    folders = (file.parent, file.parent.parent) if file.name == "__init__.py" else (file.parent,)
    for folder in folders:
        if (folder / f"{error.name}.py").is_file():
            return (
                f" Python does not look for modules in {folder}: make the plugin a package, with {name}/__init__.py "
                f"and {name}/{error.name}.py, and call this module {name}.{error.name}."
            )
    return ""


def _is(file: Path, other: ModuleType | ModuleSpec) -> bool:
    """True if Python knows this very file under the name: the folder may lie on Python's path."""
    place = getattr(other, "__file__", None) if isinstance(other, ModuleType) else other.origin
    return place is not None and Path(place).resolve() == file.resolve()
