"""The listing of a folder or an archive: the files that are pictures, and the class that each belongs to."""

import logging
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gantool.errors import counted, printable

_HOUSEKEEPING = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"})
_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz")


_TOLD = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Item:
    """One picture file: its path below the root with `/`, and its place in the archive."""

    path: str
    position: int
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Listing:
    """All picture files below `root`, sorted by path; `skipped` holds (path, reason), `ignored` other files' paths.

    A spool is a file that holds pictures one after another, each at its position.
    """

    root: Path
    kind: Literal["folder", "zip", "tar", "spool"]
    items: tuple[Item, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def others(self) -> tuple[tuple[str, str], ...]:
        """(path, reason) of all files that are no pictures."""
        return tuple((path, _no_picture(path)) for path in self.ignored)


def warn_of_skipped(root: Path, skipped: Iterable[tuple[str, str]]) -> None:
    """Warn of the first files below `root` that may not be read, and of the number of others."""
    found = list(skipped)
    for path, why in found[:_TOLD]:
        _log.warning("Skipped: %s %s.", printable(str(root / path)), why)
    if len(found) > _TOLD:
        _log.warning("Skipped: %s in %s.", counted(len(found) - _TOLD, "more file"), printable(str(root)))


def is_hidden(name: str) -> bool:
    """True for a file or folder that a system or tool put there, whose pictures are not the user's."""
    return name.startswith(".") or name in _HOUSEKEEPING


def is_inside_hidden(path: str) -> bool:
    """True if any part of a path is hidden."""
    return any(is_hidden(part) for part in path.split("/") if part != ".")


def is_archive_name(path: str | Path) -> bool:
    """True if the file name is that of a zip or tar."""
    return str(path).lower().endswith((".zip", *_TAR_SUFFIXES))


def to_unpack(archive: Path, is_zip: bool) -> tuple[str, str]:
    """The name of a folder for an archive's files, and the command that unpacks them there."""
    folder = archive.name.partition(".")[0]
    return folder, shlex.join(["python", "-m", "zipfile" if is_zip else "tarfile", "-e", str(archive), folder])


def _no_picture(path: str) -> str:
    return "is an archive; unpack it to use its pictures" if is_archive_name(path) else "is not a picture"
