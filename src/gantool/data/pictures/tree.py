"""Pictures in a folder at any depth."""

import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from io import BufferedReader, BytesIO
from itertools import islice
from pathlib import Path, PurePosixPath
from shlex import quote

from gantool.data.pictures.archive import (
    MAX_FILE_BYTES,
    Opener,
    list_archive,
    read_tar,
    read_zip,
    text_in_tar,
    text_in_zip,
    too_many_bytes,
)
from gantool.data.pictures.formats import is_picture, is_picture_name
from gantool.data.pictures.listing import Item, Listing, is_archive_name, is_hidden, to_unpack
from gantool.errors import DataError, counted, nearest_beside
from gantool.files import open_file
from gantool.homes import at_home, folder_of
from gantool.reading import read_text

PARQUET = ".parquet"
_SHOWN = 3
_HUB = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/([\w.-]+(?:/[\w.-]+)?)")
GIVE = "Give a folder of pictures, or a zip or tar of them."
_LOOKED_AT, _ALL = 1000, ("*", "*.*")
"""The most matches of a pattern that are looked at, and patterns that mean all that a folder has."""
_STATE = re.compile(r"/(proc|sys|dev(?!/shm))(/|$)")
"""Folders of Linux whose files are the state of the system, and lead round in circles."""


def list_pictures(path: str | Path) -> Listing:
    """The pictures of a folder, zip or tar, in an order that depends on their paths alone.

    Raises DataError when there is no such folder or archive; an empty listing is the caller's to judge.
    """
    root = at_home(path)
    if root.is_dir():
        if _STATE.match(os.path.realpath(root)):
            raise DataError(
                f"{path} shows the state of this system, and holds no pictures. Give the folder of pictures."
            )
        return _list_folder(root)
    if not root.exists():
        why = no_path(str(path)) or f"{path} does not exist.{nearest_beside(root)}"
        raise DataError(f"{why} {GIVE}")
    if not root.is_file():
        raise DataError(f"{path} is neither a folder nor a file: a pipe or a device. Give a folder, zip or tar.")
    if root.suffix.lower() in (".npy", ".npz"):
        raise DataError(f"{path} holds arrays, not picture files: --data {path} trains on them.")
    if root.name.lower().endswith(PARQUET):
        raise DataError(f"{path} is Parquet, which gantool-hf-data reads: --data {quote(f'parquet:path={path}')}.")
    listing = list_archive(root)
    if listing is not None:
        return listing
    if is_picture_name(root.name):
        raise DataError(f"{path} is a single picture. Give the folder that holds it: {folder_of(root)}.")
    raise DataError(f"{path} is neither a folder nor a zip or tar of pictures. {GIVE}")


def usable_listing(path: str) -> Listing:
    """The pictures at `path`. Raises DataError when there are none; it says what is there instead."""
    listing = list_pictures(path)
    if listing.items:
        return listing
    holds = [f"{counted(len(listing.ignored), 'other file')} ({_some(listing.ignored)})"] if listing.ignored else []
    holds += [f"{path} {why}" for path, why in listing.skipped[:_SHOWN]]
    if any(name.lower().endswith(PARQUET) for name in listing.ignored):
        holds.append(f"gantool-hf-data reads Parquet: --data {quote(f'parquet:path={path}')}")
    archives = [name for name in listing.ignored if is_archive_name(name)]
    remedy = _remedy(listing, archives[0]) if archives else f" {GIVE}"
    raise DataError(f"{listing.root} holds no pictures{': ' + '; '.join(holds) if holds else ': it is empty'}.{remedy}")


def _folder_of(pattern: str) -> str:
    """The folder that a pattern means: the only one that it matches, or has matching files, or that in which it looks.

    It is "" where nothing matches and a name beside it is near, since brackets may belong to names, or no folder is
    there to look in.
    """
    above = next(one for one in Path(pattern).parents if not set(str(one)) & set("*?["))
    inside = str(Path(pattern).relative_to(above))
    found = list(islice(at_home(above).glob(inside), _LOOKED_AT)) if "**" not in inside else []
    if not found and (nearest_beside(at_home(pattern)) or not at_home(above).is_dir()):
        return ""
    folders = {path for path in found if path.is_dir()} if Path(pattern).name not in _ALL else set()
    folders = folders or {path.parent for path in found}
    return str(folders.pop() if len(folders) == 1 else above)


def no_path(text: str) -> str | None:
    """A sentence on a URL or a pattern, and what to do instead; None for any other text."""
    if hub := _HUB.match(text):
        return f"{text} is a data set of the Hugging Face Hub, which gantool-hf-data reads: --data hf:{hub[1]}."
    if text.lower().endswith(PARQUET) and (set(text) & set("*?[") or "://" in text):
        return f"{text} is Parquet, which gantool-hf-data reads: --data {quote(f'parquet:path={text}')}."
    if re.match(r"\w\w+://", text):
        name = PurePosixPath(text.partition("?")[0]).name
        if name.endswith(".tar") or not name:
            return f"{text} is a URL; tars of pictures are read there as --data {quote(f'shards:path={text}')}."
        return f"{text} is a URL; only files of this machine are read. Fetch it first: curl -L -o {name} {quote(text)}."
    if set(text) & set("*?[") and (folder := _folder_of(text)):
        return f"{text} is a pattern, not a folder. --data {quote(folder)} reads all pictures in it, at any depth."
    return None


def _remedy(listing: Listing, archive: str) -> str:
    """The remedy for an archive where pictures were looked for."""
    if listing.kind == "folder" and sum(name.endswith(".tar") for name in listing.ignored) > 1:
        return f" To train on all of these tars: --data {quote(f'shards:path={listing.root}')}."
    if listing.kind == "folder":
        return f" Give the archive itself: {listing.root / archive}."
    return f" {archive} is an archive in the archive. {unpacking(listing, archive)}"


def unpacking(listing: Listing, archive: str) -> str:
    """What to do about an archive in a listed archive."""
    folder, unpack = to_unpack(listing.root, listing.kind == "zip")
    return f"Unpack the outer one ({unpack}) and give {folder}/{archive}."


def read(listing: Listing, items: Sequence[Item]) -> Iterator[tuple[Item, Opener]]:
    """Some items of a listing, in reading order, each with a function that opens it; open it before asking for more."""
    if listing.kind == "zip":
        return read_zip(listing.root, items)
    if listing.kind == "tar":
        return read_tar(listing.root, items)
    if listing.kind == "spool":
        return ((item, partial(_part, listing.root, item)) for item in items)
    return ((item, partial(_open, listing.root / item.path)) for item in items)


def text_inside(listing: Listing, path: str, most: int) -> str:
    """The text of a file that is no picture. Raises OSError, and ValueError for damage or more than `most` bytes."""
    if listing.kind == "folder":
        return read_text(listing.root / path, most)
    return (text_in_zip if listing.kind == "zip" else text_in_tar)(listing.root, path, most)


def in_reading_order(listing: Listing) -> list[int]:
    """Indices of the items in the order of the archive, in which they are read fastest."""
    return sorted(range(len(listing.items)), key=lambda index: listing.items[index].position)


def _open(path: Path) -> BufferedReader:
    file = open_file(path)
    if (size := os.fstat(file.fileno()).st_size) > MAX_FILE_BYTES:
        file.close()
        raise too_many_bytes(size)
    return file


def _part(path: Path, item: Item) -> BytesIO:
    with open_file(path) as file:
        file.seek(item.position)
        return BytesIO(file.read(item.size))


def _list_folder(root: Path) -> Listing:
    items: list[Item] = []
    skipped: list[tuple[str, str]] = []
    ignored: list[str] = []
    for folder, entries in _walk(root, skipped):
        for entry in entries:
            name = f"{folder}{entry.name}"
            try:
                if _is_picture(entry):
                    status = entry.stat()
                    items.append(Item(name, 0, status.st_size, status.st_mtime_ns))
                else:
                    ignored.append(name)
            except OSError as error:
                skipped.append((name, _unreadable(error)))
    items.sort(key=lambda item: item.path)
    return Listing(root, "folder", tuple(items), tuple(sorted(skipped)), tuple(sorted(ignored)))


def _walk(root: Path, skipped: list[tuple[str, str]]) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
    """Each folder once, links followed, with its files that are not hidden; a folder's path ends in `/`."""
    waiting, visited = [""], set()
    while waiting:
        folder = waiting.pop()
        files = []
        try:
            identity = os.path.realpath(root / folder)
            if identity in visited:  # a link that leads back, or a second way to the same place
                continue
            if _STATE.match(identity):
                skipped.append((folder, "shows the state of the system"))
                continue
            visited.add(identity)
            with os.scandir(root / folder) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    if is_hidden(entry.name):
                        continue
                    try:
                        if entry.is_dir():
                            waiting.append(f"{folder}{entry.name}/")
                        else:
                            files.append(entry)
                    except OSError as error:  # a link to itself
                        skipped.append((f"{folder}{entry.name}", _unreadable(error)))
        except OSError as error:
            skipped.append((folder or ".", _unreadable(error)))
        yield folder, files


def _unreadable(error: OSError) -> str:
    return f"may not be read: {error.strerror or error}"


def _is_picture(entry: os.DirEntry[str]) -> bool:
    if is_picture_name(entry.name):
        if not entry.is_file():  # a broken link, a pipe, a device
            raise OSError("it is no regular file, or a link that leads nowhere")
        return True
    if not entry.is_file():
        return False
    with open_file(Path(entry.path)) as file:
        return is_picture(file)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
