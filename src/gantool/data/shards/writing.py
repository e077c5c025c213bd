"""Pictures written as shards: tars of pictures and labels whose bytes depend on the pictures alone, and their index."""

import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from gantool.api.data import PictureFiles, Source
from gantool.data.items import read_item
from gantool.data.order import Order
from gantool.data.pictures.decode import UndecodableError, decode, peek, quiet_pillow, reason
from gantool.data.pictures.formats import is_picture_name
from gantool.data.pictures.labels import labelled
from gantool.data.pictures.listing import Item
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.ranges import FULL, given_ranges
from gantool.data.pictures.spool import Spooled
from gantool.data.pictures.tree import read
from gantool.data.shards.index import INDEX
from gantool.data.shards.indexing import build_index
from gantool.data.shards.tar import BLOCK
from gantool.errors import DataError
from gantool.files import cache_folder, open_file, remove_unfinished, write_folder_atomically
from gantool.pixels import ALPHA_CHANNELS
from gantool.progress import report

_RECORD = 20 * BLOCK
"""A tar is filled up with zeros to a multiple of so many bytes."""


@dataclass(frozen=True)
class Packed:
    """A picture file to write: its content and suffix, and the name of its class, None without one."""

    content: bytes
    suffix: str
    label: str | None


@dataclass(frozen=True)
class Written:
    """The shards that were written, the number of their pictures, and (path, reason) of those left out."""

    index: Path
    shards: list[Path]
    pictures: int
    skipped: list[tuple[str, str]]


class _Archives:
    """Tars of at most `most` bytes in a folder, one after another; as a context manager it closes the last one."""

    def __init__(self, folder: Path, name: str, most: int) -> None:
        self.paths: list[Path] = []
        self._folder, self._name, self._most = folder, name, most
        self._open: tarfile.TarFile | None = None

    def add(self, files: list[tuple[str, bytes]]) -> None:
        """Add the files of one sample, to a new tar where they do not fit."""
        room = sum(BLOCK + -(-len(content) // BLOCK) * BLOCK for _, content in files)
        if self._open is None or self._open.offset + room + 2 * BLOCK > self._most // _RECORD * _RECORD:
            self.__exit__()
            self.paths.append(self._folder / f"{self._name}-{len(self.paths):06}.tar")
            self._open = tarfile.open(self.paths[-1], "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            self._open.addfile(info, io.BytesIO(content))

    def __enter__(self) -> "_Archives":
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()


def write_shards(pictures: Iterator[Packed | tuple[str, str]], out: Path, most: int, name: str) -> Written:
    """Write the pictures into tars of at most `most` bytes (or one picture), and their index, into the folder `out`.

    The folder is there once all is written. Those that cannot be used are pairs of path and reason. Raises DataError
    when there is no picture or the folder holds something.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise DataError(f"{out} is there already, and not an empty folder: choose another place for the shards.")
    skipped: list[tuple[str, str]] = []
    names: list[str] = []
    count = 0

    def write(folder: Path) -> None:
        nonlocal count
        with _Archives(folder, name, most) as archives:
            for packed in pictures:
                if isinstance(packed, Packed):
                    archives.add(_files(packed, count))
                    count += 1
                else:
                    skipped.append(packed)
        if not count:
            said = "".join(f" {path} {why}." for path, why in skipped[:1])
            raise DataError(f"There is no picture to write.{said}")
        names.extend(path.name for path in archives.paths)
        build_index(str(folder), None)

    write_folder_atomically(out, write)
    return Written(out / INDEX, [out / one for one in names], count, skipped)


def files_of(options: FolderOptions, resolution: int | None, channels: int) -> Iterator[Packed | tuple[str, str]]:
    """The pictures of a folder or zip in a random order: the files as they are, or PNGs of `resolution` pixels."""
    pictures = labelled(options)
    listing = pictures.listing
    if listing.kind == "tar":
        raise DataError(
            f"{options.path} is a tar, which is read from front to end. 'gantool data index' uses it as it is, if it "
            "is not compressed; or unpack it and give the folder."
        )
    yield from listing.skipped
    classes, _ = pictures.classes(range(len(listing.items)))
    ranges = given_ranges(options.range) or FULL
    order = Order(0, len(listing.items)).images_at(0, len(listing.items)).tolist()
    with quiet_pillow():
        for done, (index, (item, opener)) in enumerate(
            zip(order, read(listing, [listing.items[index] for index in order]), strict=True), 1
        ):
            report("writing shards", done, len(order))
            label = None if classes is None else classes[index]
            try:
                with opener() as file:
                    if resolution is None:
                        yield Packed(file.read(), PurePosixPath(item.path).suffix.lower().lstrip("."), label)
                        continue
                    pixels = decode(file, options, resolution, channels, ranges)
            except Exception as error:
                yield item.path, reason(error)
                continue
            yield Packed(_png(pixels), "png", label)


def packed_of(files: PictureFiles) -> Iterator[Packed | tuple[str, str]]:
    """The files of a source in a random order, as they are; they wait on disk until all have been read."""
    remove_unfinished(cache_folder(), "spool")
    with TemporaryDirectory(dir=cache_folder(), prefix=".spool.", suffix=f".{os.getpid()}.tmp") as folder:
        spooled = Spooled(files)
        file = Path(folder) / "spool"
        with file.open("wb") as out:
            found = list(spooled.written(out, "reading images"))
        labels, names, _ = spooled.classes([index for index, one in enumerate(found) if isinstance(one, Item)])
        of_each = iter(labels or ())
        classes = [names[next(of_each)] if labels and isinstance(one, Item) else None for one in found]
        with open_file(file) as spool, quiet_pillow():
            order = Order(0, len(found)).images_at(0, len(found)).tolist() if found else []
            for done, index in enumerate(order, 1):
                one = found[index]
                report("writing shards", done, len(found))
                if isinstance(one, str):
                    yield spooled.names[index], one
                    continue
                spool.seek(one.position)
                content = spool.read(one.size)
                try:
                    suffix = peek(io.BytesIO(content)).format.lower()
                except UndecodableError as error:
                    yield one.path, str(error)
                    continue
                yield Packed(content, suffix, classes[index])


def images_of(source: Source, name: str, shape: tuple[int, int, int]) -> Iterator[Packed | tuple[str, str]]:
    """The images of any source of this shape in a random order, as PNGs."""
    if not len(source):
        raise DataError(f"{name} has no images, so there is nothing to write.")
    names = source.class_names
    for done, index in enumerate(Order(0, len(source)).images_at(0, len(source)).tolist(), 1):
        image, label = read_item(source, index, name, shape, "any")
        report("writing shards", done, len(source))
        yield Packed(_png(image.numpy()), "png", None if label is None else names[label])


def _files(packed: Packed, number: int) -> list[tuple[str, bytes]]:
    suffix = packed.suffix if is_picture_name(f"x.{packed.suffix}") else "png"  # its content says what it is
    files = [(f"{number:09}.{suffix}", packed.content)]
    return files if packed.label is None else [*files, (f"{number:09}.cls", packed.label.encode())]


def _png(pixels: UInt8[np.ndarray, "c h w"]) -> bytes:
    channels = len(pixels)
    content = io.BytesIO()
    if channels == ALPHA_CHANNELS:  # a picture file has colours that are not multiplied by alpha
        picture = Image.frombytes("RGBa", pixels.shape[:0:-1], pixels.transpose(1, 2, 0).tobytes()).convert("RGBA")
    else:
        picture = Image.fromarray(pixels[0] if channels == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    picture.save(content, "PNG", compress_level=6)
    return content.getvalue()
