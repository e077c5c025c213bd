"""Shards found and indexed: each tar is looked through once, and the index is kept beside the tars or in the cache."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path

import numpy as np

from gantool.data.shards.index import (
    INDEX,
    MEMBERS,
    MOST_BYTES,
    ROW,
    Index,
    Rows,
    Shard,
    local_index,
    opened_index,
    read_index,
    write_index,
)
from gantool.data.shards.places import buffered, copied, place
from gantool.data.shards.tar import ShardError, samples
from gantool.data.shards.urls import beside, expanded, is_remote
from gantool.errors import DataError, nearest_beside, printable
from gantool.files import cache_folder, only_builder, remove_unfinished, replace_folder
from gantool.progress import report

THREADS = 16
_PROBED = 512
"""Remote shards that are looked at when a run begins; of more, as many at equal distances."""
_ROWS = 1 << 20
_AT_ONCE, _AT_ONCE_REMOTE = 1 << 13, 1 << 20
_NAMES = "shards-index"


@dataclass
class _Found:
    """What is known so far; `labels` are the texts met, each with its number in the rows."""

    shards: list[Shard] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0
    bare: int = 0


def find_index(path: str) -> Index:
    """The index of the shards at `path`, from beside them, from the cache, or made now.

    Shards that are gone or of another size than they had are left out. Raises DataError when there is none to use.
    """
    urls, index = _listed(path)
    index = index or _kept(urls)
    return index.without(_changed(index))


def build_index(path: str, out: Path | None) -> Path:
    """Index the shards at `path` into the folder `out`, by default beside them; the index.json that was written.

    Raises DataError when none can be used.
    """
    urls, _ = _listed(path)
    if out is None and is_remote(urls[0]):
        raise DataError(f"{path} is on another machine: name a folder by -o, and put the index beside the shards.")
    folder = (out or Path(urls[0]).parent).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    names = [_name_in(url, folder) for url in urls]
    _index_into(folder, urls, names)
    return folder / INDEX


def _listed(path: str) -> tuple[list[str], Index | None]:
    """The shards at a path or URL, and their index where there is one."""
    if is_remote(path):
        path = path + INDEX if path.endswith("/") else path
        return _remote_index(path) if path.endswith(".json") else (expanded(path), None)
    local = Path(path).expanduser()
    if local.is_dir():
        if (local / INDEX).is_file():
            return local_index(local / INDEX)
        found = sorted(str(one) for one in local.glob("*.tar") if not one.name.startswith("."))
        if not found:
            raise DataError(f"{path} holds neither {INDEX} nor a tar. 'gantool data shard' makes shards of pictures.")
        return found, None
    if local.suffix == ".json":
        return local_index(local)
    urls = expanded(str(local))
    if not any(Path(url).exists() for url in urls):
        raise DataError(f"There are no shards {path}: {urls[0]} is not there.{nearest_beside(Path(urls[0]))}")
    return urls, None


def _remote_index(url: str) -> tuple[list[str], Index | None]:
    """The index at a URL, both files of it fetched into the cache."""
    try:
        one = place(url)
        if (size := one.size) > MOST_BYTES:
            raise ShardError(f"has {size:,} bytes; the limit is {MOST_BYTES:,}")
        urls, ours, sizes = read_index(one.read(0, size).decode(errors="replace"), url)
        if ours is None:
            return urls, None
        source = beside(url, ours["members"])
        folder = cache_folder() / f"{_NAMES}-{_short(source + ours['digest'])}"
        if not (folder / MEMBERS).is_file():
            replace_folder(folder, lambda new: copied(source, new / MEMBERS))
    except ShardError as error:
        raise DataError(f"The index {printable(url)} {error}.") from error
    return urls, opened_index(urls, ours, sizes, folder / MEMBERS)


def _kept(urls: Sequence[str]) -> Index:
    """The index in the cache of shards that have none of their own, made now if need be."""
    root = cache_folder()
    urls = [url if is_remote(url) else str(Path(url).absolute()) for url in urls]
    folder = root / f"{_NAMES}-{_short(repr([(url, _state(url)) for url in urls]))}"
    with only_builder(root / f"{folder.name}.lock", "indexes the shards"):
        if not (folder / INDEX).is_file():
            remove_unfinished(root, f"{_NAMES}-*")
            replace_folder(folder, lambda new: _index_into(new, urls, urls))
    _, index = local_index(folder / INDEX, trusted=True)
    assert index is not None
    return index


def _index_into(folder: Path, urls: Sequence[str], names: Sequence[str]) -> None:
    """Write the index of the shards at `urls` into a folder, where they are called `names`."""
    raw, found = folder / f".{MEMBERS}.{os.getpid()}.tmp", _Found()
    try:
        with raw.open("wb") as out:
            for name, answer in zip(names, _scanned(urls), strict=True):
                _take(found, out, name, answer)
                report("indexing shards", len(found.shards) + len(found.skipped), len(urls))
        if not found.count:
            said = "; ".join(f"{printable(name)} {why}" for name, why in found.skipped[:3]) or f"in {urls[0]}"
            raise DataError(f"There are no pictures in the {len(urls):,} shards: {said}.")
        class_names = [] if found.bare else sorted(found.labels, key=_in_order(found.labels))
        _write_members(raw, folder / MEMBERS, found, class_names)
    finally:
        raw.unlink(missing_ok=True)
    write_index(folder / INDEX, found.shards, folder / MEMBERS, class_names, found.skipped)


def _take(found: _Found, out: BufferedIOBase, name: str, answer: "_Scan | ShardError") -> None:
    if isinstance(answer, ShardError):
        found.skipped.append((name, str(answer)))
        return
    rows, labels, size = answer
    for row, label in zip(rows, labels, strict=True):
        row["label"] = -1 if label is None else found.labels.setdefault(label, len(found.labels))
    found.bare += sum(label is None for label in labels)
    found.shards.append(Shard(name, len(rows), found.count, size))
    found.count += len(rows)
    out.write(rows.tobytes())


_Scan = tuple[Rows, list[str | None], int]


def _scanned(urls: Sequence[str]) -> Iterator["_Scan | ShardError"]:
    with ThreadPoolExecutor(THREADS if is_remote(urls[0]) else 1, thread_name_prefix="gantool-index") as threads:
        for start in range(0, len(urls), _PROBED):  # so many answers at the most wait for their turn
            yield from threads.map(_scan, urls[start : start + _PROBED])


def _scan(url: str) -> "_Scan | ShardError":
    """The rows of one shard, the labels' texts and the number of bytes, or why it cannot be used."""
    try:
        one = place(url)
        size = one.size
        read = buffered(one.read, size, _AT_ONCE_REMOTE if is_remote(url) else _AT_ONCE)
        found = list(samples(read, size))
    except ShardError as error:
        return error
    rows = np.zeros(len(found), ROW)
    rows["offset"] = [sample.picture.offset for sample in found]
    rows["size"] = [sample.picture.size for sample in found]
    return rows, [sample.label for sample in found], size


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


def _in_order(labels: Sequence[str] | dict[str, int]) -> "type[str] | type[int]":
    """Numbers are ordered by value, all other labels by letter."""
    return int if all(label.isdecimal() for label in labels) else str


def _changed(index: Index) -> dict[int, str]:
    """The shards that are gone or have another size than when they were indexed, each with the reason."""
    shards = index.shards
    numbers = range(len(shards))
    if is_remote(shards[0].url) and len(shards) > _PROBED:
        numbers = range(0, len(shards), -(-len(shards) // _PROBED))

    def fault(number: int) -> str | None:
        try:
            size = place(shards[number].url).size
        except ShardError as error:
            return str(error)
        return None if size == shards[number].size else f"has {size:,} bytes and not {shards[number].size:,} as indexed"

    with ThreadPoolExecutor(THREADS, thread_name_prefix="gantool-index") as threads:
        return {number: why for number, why in zip(numbers, threads.map(fault, numbers), strict=True) if why}


def _state(url: str) -> tuple[int, int]:
    """What changes when a shard does: its size and time, as far as they are told; zeros where it is gone."""
    try:
        if is_remote(url):
            return place(url).size, 0
        status = Path(url).stat()
        return status.st_size, status.st_mtime_ns
    except (OSError, ShardError):
        return 0, 0


def _name_in(url: str, folder: Path) -> str:
    """What an index in this folder calls a shard."""
    if is_remote(url):
        return url
    path = Path(url).absolute()
    if not path.is_relative_to(folder):
        raise DataError(f"An index in {folder} may name files below it alone, and {path} is elsewhere.")
    return path.relative_to(folder).as_posix()


def _short(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:20]
