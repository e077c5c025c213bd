"""Pictures in a zip or tar, read in place and never unpacked to disk."""

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import IO

from gantool.data.pictures.complaints import may_complain
from gantool.data.pictures.decode import UndecodableError, opened
from gantool.data.pictures.formats import is_picture, is_picture_name
from gantool.data.pictures.listing import Item, Listing, is_archive_name, is_inside_hidden
from gantool.errors import DataError

MAX_FILE_BYTES = 1 << 30
_SMALL, _HEAD = 1 << 25, 1 << 20
_BYTES_PER_PIXEL = 8  # 16 bits of RGBA
_UNSEEN = (5000, 5000)
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    ValueError,
    NotImplementedError,
)

Opener = Callable[[], io.BytesIO | io.BufferedReader]


def list_archive(path: Path) -> Listing | None:
    """The pictures of a zip or tar, sorted by path; None when the file is neither.

    Raises DataError when it is one, but damaged. One that has not changed since is not looked through again.
    """
    found = path.stat()
    return _list_once(path, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=8)
def _list_once(path: Path, _identity: tuple[int, ...]) -> Listing | None:
    try:
        if zipfile.is_zipfile(path):
            return _list_zip(path)
        if tarfile.is_tarfile(path):
            return _list_tar(path)
    except _DAMAGE as error:
        raise DataError(f"{path} is damaged or was cut short: {error}. Fetch or pack it again.") from error
    if is_archive_name(path):
        raise DataError(
            f"{path} is no zip or tar that can be read: it is damaged or was cut short. Fetch or pack it again."
        )
    return None


def read_zip(path: Path, items: Sequence[Item]) -> Iterator[tuple[Item, Opener]]:
    """Each item with a function that opens it."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        for item in items:
            yield item, partial(_bytes_of_zip, archive, entries[item.position])


def read_tar(path: Path, items: Sequence[Item]) -> Iterator[tuple[Item, Opener]]:
    """The same for a tar, in one pass: `items` are in the archive's order; open each before asking for the next."""
    wanted = {item.position: item for item in items}
    last = max(wanted, default=-1)
    with tarfile.open(path, "r|*") as archive:
        for position, member in enumerate(archive):
            if position in wanted:
                yield wanted[position], partial(_bytes_of_tar, archive, member)
            if position >= last:
                return


def text_in_zip(path: Path, name: str, most: int) -> str:
    """The text of the entry of this name. Raises OSError, and ValueError for damage or more than `most` bytes."""
    with _as_value_error(), zipfile.ZipFile(path) as archive:
        entry = next(entry for entry in archive.infolist() if _name(entry) == name)
        with archive.open(entry) as file:
            return _text(file.read, most)


def text_in_tar(path: Path, name: str, most: int) -> str:
    """The same for a tar."""
    with _as_value_error(), tarfile.open(path, "r:*") as archive:
        file = next(archive.extractfile(member) for member in archive if _member_name(member) == name)
        assert file is not None
        return _text(file.read, most)


@contextmanager
def _as_value_error() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise ValueError(str(error)) from error


def _text(read: Callable[[int], bytes], most: int) -> str:
    content = read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is larger than {most >> 20} MB")
    return content.decode()


def _name(entry: zipfile.ZipInfo) -> str:
    """The path of an entry; the format has `/` alone, but some programs write backslashes."""
    return entry.filename.replace("\\", "/")


def _member_name(member: tarfile.TarInfo) -> str:
    return member.name.removeprefix("./")


def _list_zip(path: Path) -> Listing:
    items, skipped, ignored = [], [], []
    with zipfile.ZipFile(path) as archive:
        for position, entry in enumerate(archive.infolist()):
            name = _name(entry)
            if name.endswith("/") or is_inside_hidden(name):
                continue
            if entry.flag_bits & _ENCRYPTED:
                skipped.append((name, "is encrypted; pack the archive without a password"))
                continue
            try:
                if _is_picture(name, partial(archive.open, entry)):
                    items.append(Item(name, position, entry.file_size, entry.CRC))
                else:
                    ignored.append(name)
            except _DAMAGE as error:
                skipped.append((name, f"is damaged: {error}"))
    return _listing(path, "zip", items, skipped, ignored)


def _list_tar(path: Path) -> Listing:
    items, skipped, ignored = [], [], []
    with tarfile.open(path, "r:*") as archive:
        for position, member in enumerate(archive):
            name = _member_name(member)
            if not member.isfile() or is_inside_hidden(name):
                continue
            try:
                if _is_picture(name, partial(archive.extractfile, member)):
                    items.append(Item(name, position, member.size, int(member.mtime)))
                else:
                    ignored.append(name)
            except _DAMAGE as error:
                skipped.append((name, f"is damaged: {error}"))
    return _listing(path, "tar", items, skipped, ignored)


def _listing(path: Path, kind: str, items: list[Item], skipped: list[tuple[str, str]], ignored: list[str]) -> Listing:
    ordered = tuple(sorted(items, key=lambda item: (item.path, item.position)))
    return Listing(path, "zip" if kind == "zip" else "tar", ordered, tuple(skipped), tuple(ignored))


def _is_picture(name: str, open_entry: Callable[[], IO[bytes] | None]) -> bool:
    if is_picture_name(name):
        return True
    file = open_entry()
    if file is None:
        return False
    with file:
        return is_picture(file)


def _bytes_of_zip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> io.BytesIO:
    with archive.open(entry) as file:
        return _in_memory(file.read, entry.file_size)


def _bytes_of_tar(archive: tarfile.TarFile, member: tarfile.TarInfo) -> io.BytesIO:
    file = archive.extractfile(member)
    if file is None:
        raise OSError("it is no regular file")
    return _in_memory(file.read, member.size)


def _in_memory(read: Callable[[int], bytes], size: int) -> io.BytesIO:
    """The content of an entry of this size. A large one is read only if its header says that it is a large picture."""
    if size > MAX_FILE_BYTES:
        raise too_many_bytes(size)
    content = io.BytesIO()
    content.write(read(min(size, _HEAD)))
    if size > _SMALL:
        width, height = _sides(content)
        if size > _SMALL + _BYTES_PER_PIXEL * width * height:
            raise UndecodableError(f"unpacks to {size:,} bytes, far more than its {width} x {height} pixels can need")
    content.seek(0, io.SEEK_END)
    while block := read(_HEAD):
        content.write(block)
    content.seek(0)
    return content


def too_many_bytes(size: int) -> UndecodableError:
    """The reason to refuse a file of this size."""
    return UndecodableError(f"has {size:,} bytes; the limit is {MAX_FILE_BYTES:,}")


def _sides(head: io.BytesIO) -> tuple[int, int]:
    """Width and height by the beginning of a file; of a TIFF, whose header may be at its end, at most those allowed."""
    head.seek(0)
    if may_complain(head):
        return _UNSEEN
    with opened(head) as image:
        return image.size
