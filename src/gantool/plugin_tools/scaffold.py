"""`gantool plugins new`: a package with one small component that installs, works and passes its own tests.

Templates are packages of their own, in which `your-name`, `your_name` and `YourName` stand for the plugin's name.
"""

import keyword
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

from gantool import __version__
from gantool.api.kinds import KINDS
from gantool.errors import UsageError, did_you_mean
from gantool.files import write_folder_atomically
from gantool.plugin_tools.requirements import PREFIX
from gantool.plugins.host import PluginHost

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Written:
    """A new package: its folder, its files, and what to do next."""

    folder: Path
    files: list[Path]
    commands: list[str]


def new_plugin(name: str, kind: str, out: Path) -> Written:
    """Write the package gantool-NAME into a new folder of `out`.

    Raises UsageError for an invalid name or kind, or a folder that exists.
    """
    if kind not in KINDS:
        kinds = ", ".join(KINDS)
        raise UsageError(f"There is no kind of component {kind!r}.{did_you_mean(kind, KINDS)} Kinds: {kinds}.")
    name = _checked(name, kind)
    folder = out / f"{PREFIX}{name}"
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder} is there already and is left as it is: choose another name or another --out.")
    files = dict(_rendered(name, kind))

    def write(place: Path) -> None:
        for path, text in files.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text, encoding="utf-8")

    out.mkdir(parents=True, exist_ok=True)
    write_folder_atomically(folder, write)
    example = _about(kind)["example"].replace("your-name", name)
    commands = [f"gantool plugins install --editable {_typed(folder)}", example, f"python -m pytest {_typed(folder)}"]
    return Written(folder, [folder / path for path in files], commands)


def _checked(name: str, kind: str) -> str:
    """The name without `gantool-`, in lower case."""
    plain = name.strip().lower().removeprefix(PREFIX)
    if not _NAME.fullmatch(plain):
        near = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
        hint = f" {near!r} is possible." if _NAME.fullmatch(near) else ""
        raise UsageError(
            f"{name!r} cannot name a plugin: use letters, digits and single dashes, beginning with a letter.{hint}"
        )
    if keyword.iskeyword(plain) or plain in ("gantool", "testing", "none", "auto"):
        raise UsageError(f"{plain!r} cannot name a plugin, since it means something else. Choose another name.")
    if plain in PluginHost(third_party=False, environ={}).specs(kind):
        raise UsageError(
            f"gantool has the {kind} {plain!r} itself, and a built-in keeps its name. Choose another name."
        )
    return plain


def _rendered(name: str, kind: str) -> Iterator[tuple[Path, str]]:
    """The files of the package, by their paths in it."""
    facts = {"kind": kind, "version": __version__, **_about(kind)}
    for path in sorted((TEMPLATES / "common").iterdir()):
        yield Path(path.stem), _named(name, Template(path.read_text(encoding="utf-8")).substitute(facts))
    for path in sorted((TEMPLATES / kind).rglob("*.py")):
        inside = path.relative_to(TEMPLATES / kind)
        yield Path(_named(name, str(inside))), _named(name, path.read_text(encoding="utf-8"))


def _about(kind: str) -> dict[str, str]:
    """The summary, the main module and an example command of a kind's template."""
    return tomllib.loads((TEMPLATES / kind / "template.toml").read_text(encoding="utf-8"))


def _named(name: str, text: str) -> str:
    capitals = "".join(part.capitalize() for part in name.split("-"))
    for stands_for, real in (("your-name", name), ("your_name", name.replace("-", "_")), ("YourName", capitals)):
        text = text.replace(stands_for, real)
    return text


def _typed(folder: Path) -> str:
    """A folder as an installer takes it for one: `./gantool-foo`, and not the name of a distribution."""
    return str(folder) if len(folder.parts) > 1 or folder.is_absolute() else f"./{folder}"
