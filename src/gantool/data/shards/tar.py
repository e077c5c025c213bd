"""The pictures of one tar and their labels, found by its headers alone; whatever is no plain file is refused."""

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from gantool.data.pictures.archive import MAX_FILE_BYTES
from gantool.data.pictures.formats import is_picture_name
from gantool.errors import DataError, printable
from gantool.reading import parse_json

Read = Callable[[int, int], bytes]
"""A function from a place and a number of bytes to these bytes."""

BLOCK = 512
_MOST_NAME = 1 << 16
_MOST_LABEL = 1 << 20
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_LONG_NAME, _OF_NEXT, _OF_ALL = tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE
_COMPRESSED = {b"\x1f\x8b": "gunzip", b"BZ": "bunzip2", b"\xfd7": "unxz", b"(\xb5": "unzstd"}
_KEYS = ("label", "cls", "class_name", "class")


class ShardError(DataError):
    """A shard that cannot be used; the text is the reason alone, to follow its name: `ends too early`."""


class PassingError(ShardError):
    """A fault of a server or store that may be over the next time."""


@dataclass(frozen=True)
class Member:
    """A file in a tar, by the place of its content."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class Sample:
    """A picture in a tar and the text of its label, None where it has none."""

    picture: Member
    label: str | None


def samples(read: Read, size: int, unused: list[str]) -> Iterator[Sample]:
    """The pictures of a tar of `size` bytes; files in a row that are called alike up to a dot are one sample.

    Of each sample one picture is used; the names of its others, and of empty or too large ones, go to `unused`.

    Raises ShardError when the tar is damaged, cut short, compressed, or holds what no shard should.
    """
    if (tool := _COMPRESSED.get(read(0, min(2, size)))) is not None:
        raise ShardError(f"is compressed, so that no picture can be read alone: unpack it by {tool}")
    key, files = None, dict[str, Member]()
    for member in members(read, size):
        path = PurePosixPath(member.name)
        stem, _, suffix = path.name.partition(".")
        if (path.parent, stem) != key or suffix.lower() in files:
            yield from _sample(read, files, unused)
            key, files = (path.parent, stem), {}
        files[suffix.lower()] = member
    yield from _sample(read, files, unused)


def members(read: Read, size: int) -> Iterator[Member]:
    """The files of a tar of `size` bytes. Raises ShardError as `samples` does."""
    place, long_name = 0, ""
    while place + BLOCK <= size:
        block = read(place, BLOCK)
        if not any(block):
            return
        info = _header(block, place)
        start, rest = place + BLOCK, size - place - BLOCK
        if not 0 <= info.size <= rest:
            raise ShardError(f"is cut short or damaged: {_named(info)} has {info.size:,} bytes, and {rest:,} follow")
        place = start + (info.size + BLOCK - 1) // BLOCK * BLOCK
        if info.type in (_LONG_NAME, _OF_NEXT, _OF_ALL):
            if info.size > _MOST_NAME:
                raise ShardError(f"has a name of {info.size:,} bytes, or as much beside one; it is not read")
            content = read(start, info.size)
            long_name = _name_of(content, info.type) if info.type != _OF_ALL else long_name
        else:
            name, long_name = long_name or info.name, ""
            if info.type != tarfile.DIRTYPE:
                yield Member(_checked(info, name), start, info.size)
    raise ShardError(f"is cut short: it has {size:,} bytes and not the end of a tar")


def _header(block: bytes, place: int) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise ShardError(f"is no tar, or damaged: at byte {place:,} there is no header ({error})") from error


def _name_of(content: bytes, kind: bytes) -> str:
    """The name that a header of its own gives to the next member; empty if it gives none. Sizes there are refused."""
    if kind == _LONG_NAME:
        return content.rstrip(b"\0").decode("utf-8", "surrogateescape")
    name = ""
    while content:
        length, _, _ = content.partition(b" ")
        if not length.isdigit() or not len(length) < int(length) <= len(content):
            raise ShardError("has a damaged extended header")
        record, content = content[len(length) + 1 : int(length)], content[int(length) :]
        key, _, value = record.rstrip(b"\n").partition(b"=")
        if key == b"path":
            name = value.decode("utf-8", "surrogateescape")
        elif key == b"size" or key.startswith(b"GNU.sparse"):
            raise ShardError("has a file beyond 8 GB or with holes, which is no picture")
    return name


def _checked(info: tarfile.TarInfo, name: str) -> str:
    """The name of a plain file. Raises ShardError for links and devices, and for names that lead out of a folder."""
    said = printable(name)[:200]
    if info.type not in _FILES:
        raise ShardError(f"holds {said}, a link or device; a shard holds plain files only")
    if name.startswith(("/", "\\")) or ".." in PurePosixPath(name).parts or "\0" in name:
        raise ShardError(f"holds a file of the name {said}, which leads out of its folder; pack it with relative names")
    return name


def _named(info: tarfile.TarInfo) -> str:
    return printable(info.name)[:200] or "a file"


def _sample(read: Read, files: dict[str, Member], unused: list[str]) -> Iterator[Sample]:
    """The sample of these files, by suffix, if there is a picture among them."""
    pictures = [member for suffix, member in files.items() if is_picture_name(f"x.{suffix}")]
    chosen = next((one for one in pictures if 0 < one.size <= MAX_FILE_BYTES), None)
    unused.extend(one.name for one in pictures if one is not chosen)
    if chosen is not None:
        yield Sample(chosen, _label(read, files))


def _label(read: Read, files: dict[str, Member]) -> str | None:
    for suffix, member in files.items():
        if suffix not in ("cls", "json") or member.size > _MOST_LABEL:
            continue
        try:
            text = read(member.offset, member.size).decode().strip()
            found = text if suffix == "cls" else _of_json(parse_json(text))
        except (ValueError, RecursionError):
            continue
        if found:
            return found[:_MOST_NAME]
    return None


def _of_json(value: Any) -> str | None:
    """The label among the facts on a picture: a number or a word by one of the usual names."""
    found = next((value[key] for key in _KEYS if key in value), None) if isinstance(value, dict) else value
    return str(found) if isinstance(found, int | str) and not isinstance(found, bool) else None
