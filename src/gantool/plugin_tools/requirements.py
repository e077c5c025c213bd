"""What `gantool plugins install` is asked for: the name of a distribution, a folder or file, or a URL."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gantool.errors import UsageError, nearest_beside
from gantool.plugins.loading import canonical, normal

_NAME = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(\[[\w.,\s-]*\])?\s*([<>=!~][^;\s]*(?:\s*,[^;]*)?)?")
_URL = re.compile(r"(?:[A-Za-z0-9._-]+(?:\[[^\]]*\])?\s*@\s*)?(?:(?:git|hg|svn|bzr)\+[a-z]+|https?|file)://\S+")
_ARCHIVES = (".whl", ".tar.gz", ".zip")
PREFIX = "gantool-"


@dataclass(frozen=True)
class Requirement:
    """`text` is what an installer is given; `distribution` is None where only the installed package will tell.

    `note` says what was made of the words, where that may surprise.
    """

    text: str
    distribution: str | None = None
    editable: bool = False
    note: str = ""

    @property
    def title(self) -> str:
        """What messages call it."""
        return self.distribution or self.text


def read_requirement(text: str, *, editable: bool = False) -> Requirement:
    """Read NAME, PATH or URL; a name is that of a distribution `gantool-NAME`, a relative path becomes absolute.

    Raises UsageError when it is none of them, or what lies at the path cannot be installed.
    """
    text = text.strip()
    if _URL.fullmatch(text):
        if editable:
            raise UsageError(f"--editable takes a folder with a pyproject.toml, not the URL {text}.")
        return Requirement(text, _name_in(text))
    if editable or _is_path(text):
        return _at(Path(text).expanduser().absolute(), editable)
    found = _NAME.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no name of a plugin (letters, digits, '-'), no path and no URL.")
    name, extras, versions = found[1], found[2] or "", found[3] or ""
    if normal(name) in ("", "gantool") or name.lower() == "gantool":
        raise UsageError("gantool itself is no plugin: install and upgrade it as you did before.")
    distribution = name if canonical(name).startswith(PREFIX) else PREFIX + name
    notes = [] if distribution == name else [f"Taking {name!r} as the distribution {distribution}."]
    for folder in (name, distribution):
        if (Path(folder) / "pyproject.toml").is_file():
            notes.append(f"A folder {folder} lies here: ./{folder} would install that.")
    return Requirement(f"{distribution}{extras}{versions.strip()}", distribution, note=" ".join(dict.fromkeys(notes)))


def _is_path(text: str) -> bool:
    """As pip sees it: a path has a separator, begins with a dot, or ends like a wheel or an sdist."""
    return os.sep in text or bool(os.altsep and os.altsep in text) or text.startswith((".", "~")) or _is_archive(text)


def _is_archive(name: str) -> bool:
    return name.endswith(_ARCHIVES)


def _at(path: Path, editable: bool) -> Requirement:
    path = Path(os.path.normpath(path))
    if not path.exists():
        raise UsageError(f"There is no {path}.{nearest_beside(path)}")
    if path.is_dir():
        return Requirement(str(path), _name_of_project(path / "pyproject.toml"), editable)
    if editable or not _is_archive(path.name):
        wanted = "a folder with a pyproject.toml" + ("" if editable else ", a wheel or an sdist (.tar.gz)")
        raise UsageError(f"{path} cannot be installed: give {wanted}. A plain .py file is used by --plugins-dir.")
    return Requirement(str(path), _name_of_archive(path.name))


def _name_of_project(file: Path) -> str | None:
    if not file.is_file():
        raise UsageError(
            f"{file.parent} has no pyproject.toml, so it cannot be installed. A folder of plain files and packages is "
            f"used by --plugins-dir {file.parent}."
        )
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is no TOML ({error}).") from error
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else None


def _name_of_archive(file: str) -> str | None:
    """`gantool_foo-1.0-py3-none-any.whl` and `gantool_foo-1.0.tar.gz` are gantool-foo."""
    name = file.partition("-")[0] if file.endswith(".whl") else file.rpartition("-")[0]
    return re.sub(r"[-_.]+", "-", name) or None


def _name_in(url: str) -> str | None:
    before, at, _ = url.partition("@")
    if at and "://" not in before:
        return before.partition("[")[0].strip()
    parts = urlsplit(url)
    egg = re.search(r"egg=([A-Za-z0-9._-]+)", parts.fragment)
    file = unquote(parts.path).rpartition("/")[2]
    return egg[1] if egg else _name_of_archive(file) if file.endswith(".whl") else None
