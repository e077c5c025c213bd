"""The index of a set of shards: where each picture lies and what its label is, 16 bytes a picture.

It is two files: `index.json`, which wids reads too, and the array of `members` that it names.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from gantool.data.shards.tar import ShardError
from gantool.data.shards.urls import beside
from gantool.errors import DataError, none_usable, printable
from gantool.files import replace_file
from gantool.reading import parse_json, read_text

INDEX, MEMBERS = "index.json", "index.members.npy"
KIND, OURS = "wids-shard-index-v1", "gantool"
ROW = np.dtype([("offset", "<u8"), ("size", "<u4"), ("label", "<i4")])
"""A picture in its shard; a label of -1 is none."""
MOST_BYTES = 1 << 28
_MOST_CLASSES = 1_000_000
_SHOWN = 3
_MOST_NOTES = 10
_DIGEST = re.compile("[0-9a-f]{64}")

Rows = np.ndarray[Any, np.dtype[Any]]
Listed = tuple[list[str], dict[str, Any] | None, list[tuple[int, int]]]


@dataclass(frozen=True)
class Shard:
    """A tar by its path or URL, the number of its pictures, the first of them in the members, and its bytes."""

    url: str
    count: int
    first: int
    size: int


@dataclass(frozen=True)
class Index:
    """The shards of a set, those left out with the reason, and the file of members; `digest` is of all contents."""

    shards: tuple[Shard, ...]
    members: Path
    class_names: tuple[str, ...]
    digest: str
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def rows(self, number: int) -> Rows:
        """The rows of a shard's pictures. Raises ShardError when they cannot be those of this shard."""
        return _rows(self.members, self.digest, self.shards[number], len(self.class_names))

    def without(self, bad: dict[int, str]) -> "Index":
        """The index without these shards, each with its reason. Raises DataError when none is left."""
        if not bad:
            return self
        kept = [number for number in range(len(self.shards)) if number not in bad]
        left_out = tuple((self.shards[number].url, why) for number, why in sorted(bad.items()))
        if not kept:
            said = "; ".join(f"{printable(url)} {why}" for url, why in left_out[:_SHOWN])
            raise DataError(none_usable(len(self.shards), "shard", "", said))
        digest = hashlib.sha256(repr((self.digest, kept)).encode()).hexdigest()
        shards = tuple(self.shards[number] for number in kept)
        return Index(shards, self.members, self.class_names, digest, (*self.skipped, *left_out), self.notes)


@lru_cache(maxsize=64)
def _rows(members: Path, digest: str, shard: Shard, classes: int) -> Rows:
    """Kept by the digest too: an index may be made anew."""
    rows: Rows = np.load(members, mmap_mode="r")[shard.first : shard.first + shard.count].copy()
    ends = rows["offset"] + rows["size"]
    if (ends > shard.size).any() or (rows["offset"] > shard.size).any() or (rows["label"] >= classes).any():
        raise ShardError("does not fit its index: gantool data index makes it anew")
    return rows


def write_index(
    place: Path,
    shards: Sequence[Shard],
    members: Path,
    class_names: Sequence[str],
    skipped: Sequence[tuple[str, str]],
    notes: Sequence[str],
) -> None:
    """Write `place`, the index of these shards; `members` is a file beside it, which is complete."""
    listed = [{"url": shard.url, "nsamples": shard.count, "filesize": shard.size} for shard in shards]
    digest = hashlib.sha256(json.dumps([[shard.count, shard.size] for shard in shards] + list(class_names)).encode())
    with members.open("rb") as file:
        while block := file.read(1 << 24):
            digest.update(block)
    ours = {"members": members.name, "class_names": list(class_names), "digest": digest.hexdigest(), "skipped": skipped,
            "notes": list(notes)}  # fmt: skip
    content = {"__kind__": KIND, "wids_version": 1, "shardlist": listed, OURS: ours}
    text = json.dumps(content, indent=1, ensure_ascii=True) + "\n"
    replace_file(place, lambda temporary: temporary.write_text(text, "utf-8", newline="\n"))


def read_index(text: str, url: str, trusted: bool = False) -> Listed:
    """The shards that an index.json at `url` lists, what gantool has added (None for that of wids alone), and the
    count of pictures and bytes of each. Raises DataError when it is no such index, or names files elsewhere that is not
    `trusted` to do so."""
    try:
        found = parse_json(text, MOST_BYTES)
        if found["__kind__"] != KIND:
            raise ValueError(f"it is no {KIND}")
        listed = found["shardlist"]
        if not listed:
            raise ValueError("it lists no shards")
        urls = [str(one["url"]) if trusted else beside(url, str(one["url"])) for one in listed]
        ours = found.get(OURS)
        if ours is None:
            return urls, None, []
        sizes = [(_whole(one["nsamples"]), _whole(one["filesize"])) for one in listed]
        _check(ours)
        return urls, ours, sizes
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{printable(url)} is no index of shards that can be read: {what}.") from error


def _check(ours: dict[str, Any]) -> None:
    """Raises ValueError where what an index.json of anyone's says is not of the kind that `write_index` writes."""
    names, skipped = ours["class_names"], ours.get("skipped", [])
    if not _are_words(names) or len(names) > _MOST_CLASSES:
        raise ValueError("class_names are no words")
    if not isinstance(ours["members"], str):
        raise ValueError("members is no name")
    if not isinstance(ours["digest"], str) or _DIGEST.fullmatch(ours["digest"]) is None:
        raise ValueError("digest is not 64 hexadecimal digits")
    if not isinstance(skipped, list) or not all(_are_words(pair) and len(pair) == 2 for pair in skipped):
        raise ValueError("skipped are no pairs of words")
    if not _are_words(ours.get("notes", [])):
        raise ValueError("notes are no words")


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def opened_index(urls: Sequence[str], ours: dict[str, Any], sizes: Sequence[tuple[int, int]], members: Path) -> Index:
    """The index of an index.json that `read_index` read. Raises DataError when its members are not of that length."""
    firsts = [0, *accumulate(count for count, _ in sizes)]
    if not is_sound(members, firsts[-1]):
        raise DataError(
            f"{printable(str(members))} is not what its index.json says. Make both anew: gantool data index."
        )
    shards = tuple(
        Shard(url, count, first, size) for url, (count, size), first in zip(urls, sizes, firsts, strict=False)
    )
    skipped = tuple((path, why) for path, why in ours.get("skipped", []))
    notes = tuple(printable(note) for note in ours.get("notes", [])[:_MOST_NOTES])
    return Index(shards, members, tuple(ours["class_names"]), ours["digest"], skipped, notes)


def is_sound(members: Path, count: int) -> bool:
    """True if a file of members is of `count` pictures."""
    try:
        array = np.load(members, mmap_mode="r")
        return bool(array.dtype == ROW and array.shape == (count,))
    except (OSError, ValueError, EOFError):
        return False


def local_index(place: Path, trusted: bool = False) -> tuple[list[str], Index | None]:
    """The shards of an index.json of this machine, and the whole index where gantool wrote it."""
    urls, ours, sizes = read_index(_text_of(place), str(place), trusted)
    if ours is None:
        return urls, None
    return urls, opened_index(urls, ours, sizes, Path(beside(str(place), ours["members"])))


def listed_at(place: Path) -> list[str]:
    """The shards of an index.json of this machine alone, whatever else it says."""
    return read_index(_text_of(place), str(place))[0]


def _text_of(place: Path) -> str:
    try:
        return read_text(place, MOST_BYTES)
    except (OSError, ValueError) as error:
        raise DataError(f"The index {printable(str(place))} cannot be read: {error}.") from error


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise ValueError(f"{value!r:.40} is no size")
    return value
