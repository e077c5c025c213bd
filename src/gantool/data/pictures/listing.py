"""The listing of a folder or an archive: the files that are pictures, and the class that each belongs to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

_NAMES = """png apng jpg jpeg jpe jfif jif webp gif bmp dib tif tiff jp2 j2k jpx jpf ppm pgm pbm pnm tga psd avif avifs
heic heif ico icns pcx sgi dds qoi mpo"""
SUFFIXES = frozenset(f".{name}" for name in _NAMES.split())
_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_HOUSEKEEPING = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"})
MAGIC_BYTES = 12


@dataclass(frozen=True)
class Item:
    """One picture file: its path below the root with `/`, and its place in the archive."""

    path: str
    position: int
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Listing:
    """All picture files below `root`, sorted by path; `skipped` holds (path, reason), `ignored` other files' paths."""

    root: Path
    kind: Literal["folder", "zip", "tar"]
    items: tuple[Item, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()


def is_hidden(name: str) -> bool:
    """True for a file or folder that a system or tool put there, whose pictures are not the user's."""
    return name.startswith(".") or name in _HOUSEKEEPING


def is_inside_hidden(path: str) -> bool:
    """True if any part of a path is hidden."""
    return any(is_hidden(part) for part in PurePosixPath(path).parts)


def is_picture_name(path: str) -> bool:
    """True if the suffix is that of a picture."""
    return PurePosixPath(path).suffix.lower() in SUFFIXES


def could_be_picture(path: str) -> bool:
    """True for a file without a suffix, as scraped files are, whose first bytes decide."""
    return PurePosixPath(path).suffix == ""


def has_picture_magic(start: bytes) -> bool:
    """True if these are the first bytes of a PNG, JPEG, GIF, WebP or AVIF."""
    return start.startswith(_MAGIC) or start[8:12] in (b"WEBP", b"avif")


def classes_of(paths: Sequence[str]) -> list[str] | None:
    """The class of each path: its first folder below the folder that holds them all.

    None, that is unlabelled, when a picture lies beside the class folders instead of in one. Folders around all
    pictures (as archives have) do not count, so a single folder of pictures is unlabelled too.
    """
    parents = [PurePosixPath(path).parts[:-1] for path in paths]
    depth = _shared(parents)
    if not parents or any(len(parts) <= depth for parts in parents):
        return None
    return [parts[depth] for parts in parents]


def _shared(parents: Iterable[tuple[str, ...]]) -> int:
    """The number of leading folders that all have in common."""
    low, high = min(parents, default=()), max(parents, default=())
    for depth, (one, other) in enumerate(zip(low, high, strict=False)):
        if one != other:
            return depth
    return min(len(low), len(high))
