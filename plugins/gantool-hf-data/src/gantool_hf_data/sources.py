"""The sources `parquet` and `hf`: gantool decodes and caches the pictures that they find."""

from collections.abc import Iterator
from functools import partial
from io import BufferedReader
from pathlib import Path

import gantool
from gantool_hf_data import HubOptions, ParquetOptions
from gantool_hf_data.reading import ParquetFiles, Part


def parquet(options: ParquetOptions, resolution: int, channels: int) -> gantool.Source:
    """The pictures of the files at `options.path`. Raises DataError when there are none that can be used."""
    return gantool.cached_pictures(parquet_files(options), options, resolution, channels)


def parquet_shape(options: ParquetOptions) -> gantool.ImageShape:
    """The default shape to train at, from the headers of some pictures."""
    return gantool.natural_shape(parquet_files(options))


def parquet_files(options: ParquetOptions) -> ParquetFiles:
    """The Parquet files at a path or URL, in the order of their paths. Raises DataError when there are none."""
    return ParquetFiles(options.path, list(_parts(options.path)), options.image, options.label)


def hub(options: HubOptions, resolution: int, channels: int) -> gantool.Source:
    """The pictures of a data set of the Hub. Raises DataError that says what is missing."""
    return gantool.cached_pictures(hub_files(options), options, resolution, channels)


def hub_shape(options: HubOptions) -> gantool.ImageShape:
    """The default shape to train at, from the headers of some pictures."""
    return gantool.natural_shape(hub_files(options))


def hub_files(options: HubOptions) -> ParquetFiles:
    """The Parquet files of a data set, downloaded now where they are not in the Hub's cache."""
    from gantool_hf_data.hub import found
    from gantool_hf_data.settling import listed

    listing = listed(options)
    parts, notes = found(listing, options.keep)
    return ParquetFiles(listing.place, parts, options.image, options.label, notes)


def _parts(path: str) -> Iterator[Part]:
    if "://" in path:
        yield Part(path, partial(_open_url, path), is_remote=True)
        return
    place = Path(path)
    if place.is_dir():
        found = [one for one in place.rglob("*.parquet") if not _is_hidden(one.relative_to(place))]
        if not found:
            raise gantool.DataError(f"{path} holds no .parquet file. A folder of pictures is --data {path}.")
    elif place.exists() or not set(path) & set("*?["):
        found = [place]
        if not place.exists():
            raise gantool.DataError(f"{path} does not exist. Give a .parquet file, or a folder or pattern of them.")
    elif not (found := _fitting(place)):
        raise gantool.DataError(f"No file fits the pattern {path}.")
    root = place if place.is_dir() else Path(path).parent
    for one in sorted(found):
        yield Part(str(one.relative_to(root)) if one.is_relative_to(root) else str(one), partial(_open, one))


def _fitting(pattern: Path) -> list[Path]:
    try:
        return list(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))
    except ValueError as error:  # of a ** beside other characters, before Python 3.13
        raise gantool.DataError(f"{pattern} is no pattern of paths: {error}.") from error


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _open(path: Path) -> BufferedReader:
    if not path.is_file():  # a pipe would be waited for
        raise OSError("is no regular file")
    return path.open("rb")


def _open_url(url: str) -> BufferedReader:
    return gantool.open_url(url)
