"""Names, folders, files and URLs of plugins, as `gantool plugins install` takes them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from gantool.errors import PluginError, UsageError, nearest_beside
from gantool.homes import at_home

PREFIX = "gantool-"
_ARCHIVES = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True)
class PluginRequirement:
    """`text` as pip and uv take it; `distribution` is None where only the installed package has its name."""

    text: str
    distribution: str | None = None
    editable: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments for an installer."""
        return ("--editable", self.text) if self.editable else (self.text,)

    def with_extras(self, extras: Sequence[str]) -> "PluginRequirement":
        """The same with extras, as installers take them behind a path and a name and before a URL."""
        if not extras:
            return self
        listed = f"[{','.join(extras)}]"
        text = f"{self.distribution}{listed} @ {self.text}" if _is_url(self.text) else f"{self.text}{listed}"
        return replace(self, text=text)

    @property
    def source(self) -> str | None:
        """The URL that the installed package is recorded with (PEP 610), without revision; None for an index."""
        if Path(self.text).is_absolute():
            return Path(self.text).as_uri()
        return self.text.partition("#")[0] if _is_url(self.text) else None


def read_requirement(text: str, *, editable: bool = False) -> PluginRequirement:
    """Read NAME, PATH or URL; a name means the distribution `gantool-NAME`, a relative path becomes absolute.

    Raises UsageError when it is none of them, or the path cannot be installed.
    """
    text = text.strip()
    if editable and "://" in text:
        raise UsageError(f"--editable takes a folder with a pyproject.toml, not the URL {text}.")
    if editable or _is_path(text):
        path = Path(os.path.normpath(at_home(text).absolute()))
        _check_installable(path, editable)
        return PluginRequirement(str(path), editable=editable)
    if _is_url(text):
        return PluginRequirement(text)
    try:
        wanted = Requirement(text)
    except InvalidRequirement as error:
        raise UsageError(f"{text!r} is no name of a plugin (letters, digits, '-'), no path and no URL.") from error
    if canonicalize_name(wanted.name) == "gantool":
        raise UsageError("gantool itself is no plugin: install and upgrade it as you did before.")
    if not canonicalize_name(wanted.name).startswith(PREFIX):
        wanted.name = PREFIX + wanted.name
    return PluginRequirement(str(wanted), wanted.name)


def from_source(distribution: str, source: str | None, editable: bool) -> PluginRequirement:
    """The requirement that installs a distribution again from where it came; without a source, from an index.

    Raises PluginError when the folder or file is gone.
    """
    if source is None or not source.startswith("file:"):
        return PluginRequirement(source or distribution, distribution, editable)
    path = Path(url2pathname(urlsplit(source).path))
    if not path.exists():
        raise PluginError(f"{distribution} was installed from {path}, which is there no more. Install it anew.")
    return PluginRequirement(str(path), distribution, editable)


def _is_url(text: str) -> bool:
    return "://" in text and bool(urlsplit(text).scheme)


def _is_path(text: str) -> bool:
    """True for a path by pip's rule: it has a separator, begins with a dot, or ends like a wheel or an sdist."""
    separators = os.sep in text or bool(os.altsep and os.altsep in text)
    return "://" not in text and (separators or text.startswith((".", "~")) or text.endswith(_ARCHIVES))


def _check_installable(path: Path, editable: bool) -> None:
    if not path.exists():
        raise UsageError(f"There is no {path}.{nearest_beside(path)}")
    if path.is_dir() and not (path / "pyproject.toml").is_file():
        raise UsageError(
            f"{path} has no pyproject.toml, so it cannot be installed. A folder of plain files and packages stays "
            f"where it is: --plugins-dir {path} uses it."
        )
    if not path.is_dir() and (editable or not path.name.endswith(_ARCHIVES)):
        wanted = "a folder with a pyproject.toml" + ("" if editable else ", a wheel or an sdist (.tar.gz)")
        raise UsageError(f"{path} cannot be installed: give {wanted}. A plain .py file is used by --plugins-dir.")
