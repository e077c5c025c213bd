"""The source `array`: pictures in a .npy or .npz file of NumPy."""

import hashlib
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gantool.api.data import Source
from gantool.api.specs import Look
from gantool.builtin.sources import ArrayOptions
from gantool.builtin.sources.array_labels import Named, labels_of, listed
from gantool.data.pictures.content import parts_of
from gantool.data.pictures.decode import Header, squared
from gantool.data.pictures.natural import natural_resolution, why_so_large
from gantool.data.pictures.options import PictureOptions
from gantool.data.pictures.ranges import Kind, Range, described, given_ranges, own_ranges
from gantool.data.pictures.wide import scaled
from gantool.errors import DataError, did_you_mean
from gantool.files import open_file
from gantool.homes import at_home

_MOST_BYTES = 1 << 32
_PART = re.compile(r"\d+|(?<![a-z])(train|test|valid|val|validation|dev|extra)(?![a-z])")
_CHUNK = 256
_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Arrays:
    """Arrays of pictures `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]` of one shape, and all their labels or None.

    `notes` say which arrays of the file these are.
    """

    pictures: Sequence[NDArray[Any]]
    labels: NDArray[Any] | None
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(h, w, c) of each picture."""
        h, w, c = self.picture(0).shape
        return h, w, c

    def picture(self, index: int) -> NDArray[Any]:
        """One of them, `[h, w, c]`."""
        for array in self.pictures:
            if index < len(array):
                found = np.asarray(array[index])
                if found.ndim == 2:
                    return found[..., None]
                return found if found.shape[2] in _CHANNELS else found.transpose(1, 2, 0)
            index -= len(array)
        raise IndexError(index)


class ArraySource(Source):
    """The pictures of arrays at the training size; each is scaled to 8 bits by the range of all."""

    def __init__(self, arrays: Arrays, options: ArrayOptions, resolution: int, channels: int) -> None:
        self._arrays, self._resolution, self._channels = arrays, resolution, channels
        labels = arrays.labels
        names: list[Any] = [] if labels is None else sorted(np.unique(labels).tolist())
        self.class_names: Sequence[str] = tuple(map(str, names))
        self._labels = None if labels is None else np.searchsorted(np.asarray(names), labels)
        self.notes: Sequence[str] = arrays.notes
        self._range: Range | None = None
        dtype = arrays.pictures[0].dtype
        if dtype not in (np.uint8, np.bool_):
            kind: Kind = "floats" if dtype.kind == "f" else "integers"
            found = [(kind, _extremes(arrays, Path(options.path)))]
            ranges = given_ranges(options.range) or own_ranges(found)
            self._range = ranges[kind]
            self.notes = (*arrays.notes, described(ranges, found, "Arrays"))
        told = options.model_dump(exclude={"path", "labels"})
        digest = hashlib.sha256(repr((told, dtype.str, arrays.shape)).encode())
        if labels is not None:  # they may be of another file
            digest.update(labels.dtype.str.encode() + labels.tobytes())
        for part in parts_of(at_home(options.path), 64):
            digest.update(part)
        status = at_home(options.path).stat()
        self.fingerprint: str | None = f"{digest.hexdigest()} {status.st_size} {status.st_mtime_ns}"

    def __len__(self) -> int:
        return sum(map(len, self._arrays.pictures))

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "c h w"], int | None]:
        pixels = self._arrays.picture(index)
        if pixels.dtype == np.bool_:
            pixels = pixels.astype(np.uint8) * 255
        elif self._range is not None:
            pixels = scaled(pixels, self._range)
        image = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels))
        square = squared(image, PictureOptions(), self._resolution, self._channels)
        return torch.from_numpy(square), None if self._labels is None else int(self._labels[index])


def build(options: ArrayOptions, resolution: int, channels: int) -> ArraySource:
    """The pictures of a file. Raises DataError when it is missing, damaged, or holds none."""
    return ArraySource(_arrays(options), options, resolution, channels)


def natural(options: ArrayOptions) -> Look:
    """The default shape to train at, by that of the arrays."""
    arrays = _arrays(options)
    height, width, channels = arrays.shape
    header = Header("NumPy", "L" if channels == 1 else "RGB", width, height, False)
    resolution = natural_resolution([header])
    classes = 0 if arrays.labels is None else len(np.unique(arrays.labels))
    count = sum(map(len, arrays.pictures))
    return Look(resolution, 1 if channels == 1 else 3, classes, why=why_so_large(resolution, [header]), pictures=count)


def _arrays(options: ArrayOptions) -> Arrays:
    path = at_home(options.path)
    named = _named(path)
    pictures = _chosen(named, options.key, path)
    first = next(iter(pictures.values()))
    if any(array.shape[1:] != first.shape[1:] or array.dtype != first.dtype for array in pictures.values()):
        raise DataError(f"{path} holds arrays of several shapes or types: {listed(named)}. Name one: array:key=NAME.")
    labels, note = labels_of(named, pictures, options.labels, path, _named)
    notes = [f"Pictures are those of {' and '.join(pictures)}."] if len(named) > 1 else []
    return Arrays(tuple(pictures.values()), labels, (*notes, *([note] if note else [])))


def _named(path: Path) -> Named:
    """The arrays of a file by name, those of a .npy, which is not read into memory, by its own."""
    try:
        with open_file(path) as file:
            if not zipfile.is_zipfile(file):
                return {path.stem: np.lib.format.open_memmap(path, mode="r")}
            file.seek(0)
            with np.load(file, allow_pickle=False) as found:
                size = sum(entry.file_size for entry in found.zip.infolist())
                if size > _MOST_BYTES:
                    raise DataError(
                        f"{path} unpacks to {size:,} bytes of memory; the limit is {_MOST_BYTES:,}. Save the array by "
                        "numpy.save as .npy, which is read in place."
                    )
                return {name: found[name] for name in found.files}
    except DataError:
        raise
    except Exception as error:  # damage in a zip has many exceptions
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read as arrays: {why}. Objects are not read, for safety.") from error


def _chosen(named: Named, key: str, path: Path) -> dict[str, NDArray[Any]]:
    if key != "auto":
        if key not in named:
            raise DataError(f"{path} has no array {key!r}.{did_you_mean(key, named)} It holds {listed(named)}.")
        named = {key: named[key]}
    found = {name: array for name, array in named.items() if _holds_pictures(array)}
    if not found:
        raise DataError(
            f"{path} holds no pictures: {listed(named)}. They are arrays [n, h, w], [n, h, w, c] or [n, c, h, w] of "
            "numbers, with 1, 3 or 4 channels."
        )
    few = next((name for name, array in found.items() if array.ndim == 3 and array.shape[2] in _CHANNELS), None)
    if few is not None:
        raise DataError(
            f"{few} in {path} is of shape {list(found[few].shape)}, which means pictures one to four pixels wide. "
            "If it is one picture with its channels last, save it as [1, h, w, c]."
        )
    if len({_PART.sub("", name) for name in found}) > 1 or (len(found) > 1 and all(map(_by_place, found))):
        raise DataError(
            f"{path} holds several arrays that may be the pictures: {listed(found)}. Name the one to train on: "
            f"array:path={path},key={next(iter(found))}."
        )
    return found


def _by_place(name: str) -> bool:
    """True for names that `numpy.savez` gives to arrays without one: they say nothing about what belongs together."""
    return re.fullmatch(r"arr_\d+", name) is not None


def _holds_pictures(array: NDArray[Any]) -> bool:
    sides = array.shape[1:]
    squares = len(sides) == 2 or (len(sides) == 3 and (sides[2] in _CHANNELS or sides[0] in _CHANNELS))
    return array.dtype.kind in "buif" and squares and 0 not in array.shape


def _extremes(arrays: Arrays, path: Path) -> Range:
    """The least and the greatest value of all pictures, some at a time. Raises DataError if one is not finite."""
    least, most, seen = np.inf, -np.inf, 0
    for values in _chunks(arrays):
        sound = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        if not sound.all():
            raise DataError(
                f"Picture {seen + int(np.argmin(sound))} of {path} holds values that are not finite (NaN or infinite): "
                "leave such pictures out, or give these pixels a value."
            )
        least, most, seen = min(least, values.min()), max(most, values.max()), seen + len(values)
    return float(least), float(most)


def _chunks(arrays: Arrays) -> Iterator[NDArray[Any]]:
    for array in arrays.pictures:
        yield from (np.asarray(array[start : start + _CHUNK]) for start in range(0, len(array), _CHUNK))
