"""Images at the training size, as uint8 rows in one file that is built once and then only read. Imports no torch.

A cache is a folder, `NAME-ORIGIN-KEY/`, of `pixels.u8` (rows of c x h x w bytes) and `index.json` (shape, labels, what
was skipped and why). It is filled under another name and renamed when complete, so the leftovers of a killed build are
never used.
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

from gantool.errors import DataError
from gantool.files import cache_folder, only_builder, remove_unfinished, replace_folder

FORMAT = 5  # raise it when older caches must not be used any more, as when decoding changes
PIXELS, INDEX = "pixels.u8", "index.json"
_BLOCK = 1 << 24


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
    with only_builder(root / f"{wanted.stem}.lock"):
        found = _find(root, wanted)  # another process may have built it meanwhile
        if found is not None:
            return found
        remove_unfinished(root, f"{wanted.stem}-*")
        target = root / wanted.folder  # one that is there is damaged, or `_find` had returned it
        try:
            replace_folder(target, lambda folder: _build(folder, wanted, fill))
        except OSError as error:
            raise explained(error, root) from error
        for older in root.glob(f"{wanted.stem}-*"):
            if older.is_dir() and older != target:
                shutil.rmtree(older, ignore_errors=True)
    return _open(target, wanted) or _vanished(target)


def _build(folder: Path, wanted: CacheSpec, fill: Callable[[Path], CacheContents]) -> None:
    row = wanted.channels * wanted.resolution**2
    free = shutil.disk_usage(folder.parent).free
    if free < wanted.count * row:
        raise OSError(errno.ENOSPC, f"{wanted.count * row / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free")
    file = folder / PIXELS
    file.touch()
    os.truncate(file, wanted.count * row)
    filled = fill(file)
    kept = np.asarray(filled.kept, np.int64)
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
