"""Tars looked through by several threads, and what is found there written as an index."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from gantool.data.shards.index import INDEX, MEMBERS, ROW, Rows, Shard, write_index
from gantool.data.shards.places import buffered, place
from gantool.data.shards.tar import ShardError, samples
from gantool.data.shards.urls import is_remote
from gantool.errors import DataError, counted, printable
from gantool.progress import report

THREADS = 16
_WAITING = 512
_MOST_SAID = 200
_ROWS = 1 << 20
_AT_ONCE, _AT_ONCE_REMOTE = 1 << 13, 1 << 20


@dataclass
class _Found:
    """What is known so far; `labels` are the texts met, each with its number in the rows."""

    shards: list[Shard] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0
    bare: int = 0
    bare_name: str = ""
    unused: int = 0
    unused_name: str = ""

    def notes(self) -> list[str]:
        """What a user should know of pictures and labels that are not used."""
        notes = []
        if self.unused:
            notes.append(
                f"Not used: {counted(self.unused, 'picture')}, as {self.unused_name}: empty or too large, or sharing "
                "its name up to its first dot with the file before; one picture of each name is used."
            )
        if self.bare and self.labels:
            notes.append(
                f"No labels are used: {self.bare:,} of {self.count:,} pictures have none, as {self.bare_name}."
            )
        return notes


def index_into(folder: Path, urls: Sequence[str], names: Sequence[str]) -> None:
    """Write the index of the shards at `urls` into a folder, where they are called `names`."""
    raw, found = folder / f".{MEMBERS}.{os.getpid()}.tmp", _Found()
    try:
        with raw.open("wb") as out:
            for name, answer in zip(names, _scanned(urls), strict=True):
                _take(found, out, name, answer)
                report("indexing shards", len(found.shards) + len(found.skipped), len(urls))
        if not found.count:
            said = "; ".join(f"{printable(name)} {why}" for name, why in found.skipped[:3]) or f"in {urls[0]}"
            raise DataError(f"There are no pictures in the {len(urls):,} shard{'s' * (len(urls) != 1)}: {said}.")
        class_names = [] if found.bare else sorted(found.labels, key=_in_order(found.labels))
        _write_members(raw, folder / MEMBERS, found, class_names)
    finally:
        raw.unlink(missing_ok=True)
    write_index(folder / INDEX, found.shards, folder / MEMBERS, class_names, found.skipped, found.notes())


def _take(found: _Found, out: BufferedIOBase, name: str, answer: "_Scan | ShardError") -> None:
    if isinstance(answer, ShardError):
        found.skipped.append((name, str(answer)))
        return
    rows, labels, size, bare, unused = answer
    found.unused_name = found.unused_name or (unused and f"{_said(unused[0])} in {_said(name)}") or ""
    found.bare_name = found.bare_name or (bare and f"{_said(bare)} in {_said(name)}")
    found.unused += len(unused)
    for row, label in zip(rows, labels, strict=True):
        row["label"] = -1 if label is None else found.labels.setdefault(label, len(found.labels))
    found.bare += sum(label is None for label in labels)
    found.shards.append(Shard(name, len(rows), found.count, size))
    found.count += len(rows)
    out.write(rows.tobytes())


_Scan = tuple[Rows, list[str | None], int, str, list[str]]


def _said(name: str) -> str:
    return printable(name)[:_MOST_SAID]


def _scanned(urls: Sequence[str]) -> Iterator["_Scan | ShardError"]:
    with ThreadPoolExecutor(THREADS if is_remote(urls[0]) else 1, thread_name_prefix="gantool-index") as threads:
        for start in range(0, len(urls), _WAITING):  # so many answers at the most wait for their turn
            yield from threads.map(_scan, urls[start : start + _WAITING])


def _scan(url: str) -> "_Scan | ShardError":
    """The rows of one shard, the labels' texts, the number of bytes, a picture without a label and those not used;
    or why it cannot be used."""
    unused: list[str] = []
    try:
        one = place(url)
        size = one.size
        read = buffered(one.read, size, _AT_ONCE_REMOTE if is_remote(url) else _AT_ONCE)
        found = list(samples(read, size, unused))
    except ShardError as error:
        return error
    rows = np.zeros(len(found), ROW)
    rows["offset"] = [sample.picture.offset for sample in found]
    rows["size"] = [sample.picture.size for sample in found]
    bare = next((sample.picture.name for sample in found if sample.label is None), "")
    return rows, [sample.label for sample in found], size, bare, unused


def _write_members(raw: Path, file: Path, found: _Found, class_names: Sequence[str]) -> None:
    """The rows as an array of NumPy, with labels as the places of their names; without names, none has a label."""
    number = {name: place for place, name in enumerate(class_names)}
    places = np.array([number.get(name, -1) for name in found.labels] + [-1], np.int32)
    temporary = raw.with_name(f"{raw.name}.npy")
    with raw.open("rb") as rows, temporary.open("wb") as out:
        np.lib.format.write_array_header_1_0(
            out, {"descr": np.lib.format.dtype_to_descr(ROW), "fortran_order": False, "shape": (found.count,)}
        )
        while block := rows.read(_ROWS * ROW.itemsize):
            some = np.frombuffer(block, ROW).copy()
            some["label"] = places[some["label"]]
            out.write(some.tobytes())
    temporary.replace(file)


def _in_order(labels: Sequence[str] | dict[str, int]) -> "Callable[[str], tuple[int, str]]":
    """Numbers are ordered by value, all other labels by letter."""
    if not all(label.isascii() and label.isdecimal() for label in labels):
        return lambda label: (0, label)
    return lambda label: (len(label.lstrip("0")), label.lstrip("0"))  # `int` refuses thousands of digits
