"""Images at the training size, as uint8 rows in one file that is built once and then only read. Imports no torch.

A cache is a folder, `NAME-ORIGIN-KEY/`, of `pixels.u8` (rows of c x h x w bytes) and `index.json` (shape, labels, what
was skipped and why). It is filled as `.NAME-ORIGIN-KEY.part/` and renamed when complete. What a killed build leaves,
the next one goes on with (`journal`), under the lock that lets one process build at a time; if it does not come, a
build of other images removes it (`unfinished`).
"""

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from gantool.data.cache import unfinished
from gantool.data.cache.journal import JOURNAL
from gantool.errors import DataError
from gantool.files import cache_folder, only_builder, remove_unfinished, replace_folder

FORMAT = 5  # raise it when older caches must not be used any more, as when decoding changes
PIXELS, INDEX = "pixels.u8", "index.json"
_BLOCK = 1 << 24
_WORTH_TELLING = 10**8


@dataclass(frozen=True)
class CacheSpec:
    """A description of the images to cache: `fingerprint` changes when the pixels would.

    Only the newest cache of one `origin` (where the images come from and how they are decoded) is kept.
    """

    name: str
    origin: str
    fingerprint: str
    count: int
    channels: int
    resolution: int

    @property
    def row(self) -> tuple[int, int, int]:
        """(c, h, w)."""
        return (self.channels, self.resolution, self.resolution)

    @property
    def bytes(self) -> int:
        """The size of all rows."""
        return self.count * self.channels * self.resolution**2

    @property
    def told(self) -> str:
        """The size, for the name of work that is shown; empty for a small one."""
        return f" (cache of {self.bytes / 1e9:.1f} GB)" if self.bytes >= _WORTH_TELLING else ""

    @property
    def folder(self) -> str:
        """The name of the cache's folder; caches of one origin differ in the last part alone."""
        return f"{self.stem}-{_short(f'{FORMAT} {self.fingerprint} {self.row}', 20)}"

    @property
    def stem(self) -> str:
        """The part of the name that all caches of one origin and shape share."""
        slug = re.sub(r"[^A-Za-z0-9_]+", "_", self.name)[:40].strip("_") or "images"
        return f"{slug}-{_short(f'{self.origin} {self.row}', 8)}"


@dataclass(frozen=True)
class CacheContents:
    """The result of a build: the rows `kept`, in order, labels or None, (path, reason) of those skipped, and notes."""

    kept: Sequence[int]
    labels: Sequence[int] | None
    class_names: Sequence[str]
    skipped: Sequence[tuple[str, str]]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class CacheEntry:
    """A complete cache on disk."""

    pixels: Path
    index: dict[str, Any]


def prepared(wanted: CacheSpec, fill: Callable[[Path], CacheContents]) -> CacheEntry:
    """The cache of `wanted`, built now if need be: `fill` writes row i of the file it is given at i x c x h x w bytes.

    Raises DataError when the disk is full or nothing could be kept.
    """
    root = cache_folder()
    found = _find(root, wanted)
    if found is not None:
        return found
    with only_builder(root / f"{wanted.stem}.lock") as alone:
        found = _find(root, wanted)  # another process may have built it meanwhile
        if found is not None:
            return found
        remove_unfinished(root, f"{wanted.stem}-*")
        target = root / wanted.folder  # one that is there is damaged, or `_find` had returned it
        try:
            if alone:
                _go_on(target, wanted, fill)
            else:
                replace_folder(target, lambda folder: _build(folder, wanted, fill))
        except OSError as error:
            raise explained(error, root) from error
        for older in root.glob(f"{wanted.stem}-*"):
            if older.is_dir() and older != target:
                shutil.rmtree(older, ignore_errors=True)
    return _open(target, wanted) or _vanished(target)


def _go_on(target: Path, wanted: CacheSpec, fill: Callable[[Path], CacheContents]) -> None:
    """Build in a folder that a kill or an interruption leaves for the next build; an error removes it."""
    partial = unfinished.folder_of(target)
    unfinished.remove_others(partial, wanted.stem)
    partial.mkdir(exist_ok=True)

    def moved(folder: Path) -> None:
        folder.rmdir()
        partial.rename(folder)

    try:
        _build(partial, wanted, fill)
        replace_folder(target, moved)
    except BaseException as error:
        if isinstance(error, Exception) or not (partial / JOURNAL).is_file():
            shutil.rmtree(partial, ignore_errors=True)
        raise


def _build(folder: Path, wanted: CacheSpec, fill: Callable[[Path], CacheContents]) -> None:
    row = wanted.channels * wanted.resolution**2
    file, journal = folder / PIXELS, folder / JOURNAL
    if not (journal.is_file() and file.is_file() and file.stat().st_size == wanted.bytes):
        journal.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
    file.touch()
    _check_room(file, wanted)
    os.truncate(file, wanted.bytes)
    filled = fill(file)
    kept = np.asarray(filled.kept, np.int64)
    if len(kept) < wanted.count:
        journal.unlink(missing_ok=True)  # it tells of rows that now move
        _compact(file, kept, row)
    index = {
        "format": FORMAT,
        "shape": [len(kept), *wanted.row],
        "labels": None if filled.labels is None else list(filled.labels),
        "class_names": list(filled.class_names),
        "skipped": list(filled.skipped),
        "notes": list(filled.notes),
    }
    index["fingerprint"] = _content(file, index)
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")
    journal.unlink(missing_ok=True)


def _check_room(file: Path, wanted: CacheSpec) -> None:
    """Raise OSError unless the disk has room for what is not there yet of the file."""
    written = getattr(file.stat(), "st_blocks", 0) * 512
    needed, free = wanted.bytes - written, shutil.disk_usage(file.parent).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{needed / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free")


def _compact(file: Path, kept: np.ndarray, row: int) -> None:
    """Close the gaps that skipped pictures left in the file."""
    with file.open("r+b") as rows:
        for place in np.flatnonzero(kept != np.arange(len(kept))):
            rows.seek(int(kept[place]) * row)
            data = rows.read(row)
            rows.seek(int(place) * row)
            rows.write(data)
        rows.truncate(len(kept) * row)


def _content(file: Path, index: dict[str, Any]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([index["shape"], index["labels"], index["class_names"]]).encode())
    with file.open("rb") as rows:
        while block := rows.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _find(root: Path, wanted: CacheSpec) -> CacheEntry | None:
    """The cache under any origin: a folder that was merely moved keeps its key."""
    key = wanted.folder.rsplit("-", 1)[1]
    for folder in sorted(root.glob(f"*-{key}")):
        found = _open(folder, wanted)
        if found is not None:
            return found
    return None


def _open(folder: Path, wanted: CacheSpec) -> CacheEntry | None:
    """None when the cache is missing, damaged, or of another shape."""
    try:
        index = json.loads((folder / INDEX).read_text("utf-8"))
        count, *row = index["shape"]
        whole = (folder / PIXELS).stat().st_size == count * wanted.channels * wanted.resolution**2
        if index["format"] != FORMAT or tuple(row) != wanted.row or count < 1 or not whole:
            return None
        return CacheEntry(folder / PIXELS, index)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _vanished(target: Path) -> CacheEntry:
    raise DataError(f"{target} vanished while it was opened. Is another program emptying the cache? Try again.")


def check_whole(rows: UInt8[np.ndarray, "n c h w"]) -> UInt8[np.ndarray, "n c h w"]:
    """The rows of a memory map. Raises DataError when the file has become shorter than it was when it was opened."""
    mapped = getattr(rows, "_mmap", None)
    if mapped is not None and mapped.size() < rows.nbytes:
        raise DataError(
            f"{getattr(rows, 'filename', 'The cache')} was cut short while it was in use. Give the same command again: "
            "the images are then prepared anew."
        )
    return rows


def explained(error: OSError, root: Path) -> DataError:
    """The DataError for a failed file operation in the cache, with the remedy."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataError(f"The disk is full: images could not be cached in {root} ({error.strerror}). "
                         "Free space, or set GANTOOL_CACHE to a folder with more.")  # fmt: skip
    return DataError(f"Images could not be cached in {root}: {error.strerror or error}.")


def _short(text: str, length: int) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:length]
