"""Shards found and indexed: each tar is looked through once, and the index is kept beside the tars or in the cache."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from gantool.data.shards.index import (
    INDEX,
    MEMBERS,
    MOST_BYTES,
    ROW,
    Index,
    is_sound,
    listed_at,
    local_index,
    opened_index,
    read_index,
)
from gantool.data.shards.places import copied, place
from gantool.data.shards.scanning import THREADS, index_into
from gantool.data.shards.tar import PassingError, ShardError
from gantool.data.shards.urls import beside, expanded, is_remote
from gantool.errors import DataError, nearest_beside, printable
from gantool.files import cache_folder, only_builder, remove_unfinished, replace_folder
from gantool.homes import at_home
from gantool.progress import report

_PROBED = 512
"""Remote shards that are looked at when a run begins; of more, as many at equal distances."""
_MOST_HEADER = 1 << 12
_NAMES = "shards-index"


def find_index(path: str) -> Index:
    """The index of the shards at `path`, from beside them, from the cache, or made now.

    Shards that are gone or of another size than they had are left out. Raises DataError when there is none to use.
    """
    place = _index_at(path)
    if place is None:
        index = _kept(_urls(path))
    else:
        urls, found = _remote_index(place) if is_remote(place) else local_index(Path(place))
        index = _with_unnamed(found, Path(place).parent) if found and not is_remote(place) else found or _kept(urls)
    return index.without(_changed(index))


def build_index(path: str, out: Path | None) -> Path:
    """Index the shards at `path` into the folder `out`, by default beside them; the index.json that was written.

    Raises DataError when none can be used.
    """
    urls = _urls(path)  # an index that is there may be old or damaged: of a folder, the tars alone count
    if out is None and is_remote(urls[0]):
        raise DataError(f"{path} is on another machine: name a folder by -o, and put the index beside the shards.")
    folder = out or Path(urls[0]).parent
    folder.mkdir(parents=True, exist_ok=True)
    names = [_name_in(url, folder.absolute()) for url in urls]
    remove_unfinished(folder, MEMBERS)
    index_into(folder, urls, names)
    return folder / INDEX


def _index_at(path: str) -> str | None:
    """The path or URL of the index.json that is meant by a path or URL, None where only tars are."""
    if is_remote(path):
        path = path + INDEX if path.endswith("/") else path
        return path if path.endswith(".json") else None
    local = at_home(path)
    local = local / INDEX if local.is_dir() and (local / INDEX).is_file() else local
    return str(local) if local.suffix == ".json" else None


def _urls(path: str) -> list[str]:
    """The shards at a path or URL: the tars of a folder, those that an index.json given as such lists, or by braces."""
    local = at_home(path)
    if is_remote(path):
        place = _index_at(path)
        return expanded(path) if place is None else read_index(_remote_text(place), place)[0]
    if local.is_dir():
        if found := _tars(local):
            return found
        raise DataError(f"{path} holds no tar. 'gantool data shard' makes shards of pictures.")
    if local.suffix == ".json":
        return listed_at(local)
    urls = expanded(str(local))
    if not any(Path(url).exists() for url in urls):
        first = "" if urls[0] == str(local) else f" The first would be {urls[0]}."
        raise DataError(f"There is no folder of shards, index or tar {path}.{first}{nearest_beside(Path(urls[0]))}")
    return urls


def _tars(folder: Path) -> list[str]:
    return sorted(str(one) for one in folder.glob("*.tar") if not one.name.startswith("."))


def _with_unnamed(index: Index, folder: Path) -> Index:
    """The index with the tars beside it that it does not name among those left out."""
    known = {Path(shard.url) for shard in index.shards} | {folder / path for path, _ in index.skipped}
    unnamed = [one for one in _tars(folder) if Path(one) not in known]
    why = f"is not in {INDEX}: 'gantool data index' of its folder adds it"
    return replace(index, skipped=(*index.skipped, *((one, why) for one in unnamed))) if unnamed else index


def _remote_text(url: str) -> str:
    try:
        one = place(url)
        if (size := one.size) > MOST_BYTES:
            raise ShardError(f"has {size:,} bytes; the limit is {MOST_BYTES:,}")
        return one.read(0, size).decode(errors="replace")
    except ShardError as error:
        raise _unread(f"The index {printable(url)}", error) from error


def _remote_index(url: str) -> tuple[list[str], Index | None]:
    """The index at a URL, both files of it fetched into the cache."""
    urls, ours, sizes = read_index(_remote_text(url), url)
    if ours is None:
        return urls, None
    source = beside(url, ours["members"])
    folder = cache_folder() / f"{_NAMES}-{_short(source + ours['digest'])}"
    try:
        if not is_sound(folder / MEMBERS, count := sum(pictures for pictures, _ in sizes)):
            remove_unfinished(folder.parent, f"{_NAMES}-*")
            replace_folder(folder, lambda new: _fetch_members(source, new / MEMBERS, count))
    except ShardError as error:
        raise _unread(f"The members {printable(source)} of an index: the file", error) from error
    return urls, opened_index(urls, ours, sizes, folder / MEMBERS)


def _fetch_members(source: str, file: Path, count: int) -> None:
    """Fetch the members of `count` pictures; no more bytes than these have are fetched, and no others are kept."""
    copied(source, file, most=count * ROW.itemsize + _MOST_HEADER)
    if not is_sound(file, count):
        raise ShardError(f"does not hold the {count:,} pictures of its index.json: make both anew where they lie")


def _kept(urls: Sequence[str]) -> Index:
    """The index in the cache of shards that have none of their own, made now if need be."""
    root = cache_folder()
    urls = [url if is_remote(url) else str(Path(url).absolute()) for url in urls]
    folder = root / f"{_NAMES}-{_short(repr((urls, _states(urls))))}"
    with only_builder(root / f"{folder.name}.lock", "indexes the shards"):
        if not (folder / INDEX).is_file():
            remove_unfinished(root, f"{_NAMES}-*")
            replace_folder(folder, lambda new: index_into(new, urls, urls))
    _, index = local_index(folder / INDEX, trusted=True)
    assert index is not None
    return index


def _changed(index: Index) -> dict[int, str]:
    """The shards that are gone or have another size than when they were indexed, each with the reason."""
    shards = index.shards
    numbers = _probed([shard.url for shard in shards])

    def fault(number: int) -> str | None:
        try:
            size = place(shards[number].url).size
        except ShardError as error:
            return str(error)
        return None if size == shards[number].size else f"has {size:,} bytes and not {shards[number].size:,} as indexed"

    with ThreadPoolExecutor(THREADS, thread_name_prefix="gantool-index") as threads:
        return {number: why for number, why in zip(numbers, threads.map(fault, numbers), strict=True) if why}


def _probed(urls: Sequence[str]) -> range:
    """The numbers of the shards to look at: all, but of remote ones `_PROBED` at the most."""
    return range(0, len(urls), -(-len(urls) // _PROBED) if is_remote(urls[0]) else 1)


def _states(urls: Sequence[str]) -> list[tuple[int, int]]:
    states, probed = [], [urls[number] for number in _probed(urls)]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="gantool-index") as threads:
        for done, state in enumerate(threads.map(_state, probed), 1):
            states.append(state)
            report("looking at shards", done, len(probed))
    return states


def _state(url: str) -> tuple[int, int]:
    """What changes when a shard does: its size and time, as far as they are told; zeros where it is gone."""
    try:
        if is_remote(url):
            return place(url).size, 0
        status = Path(url).stat()
        return status.st_size, status.st_mtime_ns
    except PassingError as error:  # as if it were gone, all shards would be indexed anew
        raise _unread(f"The shard {printable(url)}", error) from error
    except (OSError, ShardError):
        return 0, 0


def _unread(what: str, error: ShardError) -> DataError:
    """The error for a file of a server, which may answer another time."""
    remedy = " Try again when its server answers, or fetch the files and give their folder."
    return DataError(f"{what} {error}.{remedy if isinstance(error, PassingError) else ''}")


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
