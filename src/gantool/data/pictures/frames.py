"""Frames of an animation, a film (by PyAV), or a folder of pictures in order."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from gantool.data.pictures.decode import naming, opened
from gantool.data.pictures.tree import usable_listing
from gantool.data.pictures.whole import Picture, picture_of, read_picture
from gantool.errors import DataError, GantoolError, nearest_beside

FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
USUAL_FPS = 25


@dataclass(frozen=True)
class Film:
    """Frames of one size, read one by one, with their number and the frames per second."""

    count: int
    fps: int
    frames: Iterator[Picture]


def read_film(path: Path, longest: int | None) -> Film:
    """The frames of an animation, film or folder, the longer side reduced to `longest` pixels (None: as it is).

    Raises DataError that names what cannot be read.
    """
    if path.is_dir():
        listing = usable_listing(str(path))
        files = [listing.root / item.path for item in listing.items]
        return Film(len(files), USUAL_FPS, (read_picture(file, longest) for file in files))
    if not path.is_file():
        raise DataError(f"{path} does not exist.{nearest_beside(path)}")
    return _read_video(path, longest) if path.suffix.lower() in FILMS else _read_animation(path, longest)


def _read_animation(path: Path, longest: int | None) -> Film:
    content = path.read_bytes()
    with naming(path), opened(BytesIO(content)) as image:
        count = getattr(image, "n_frames", 1)
        image.load()  # WebP gives the duration no earlier
        milliseconds = image.info.get("duration") or 1000 / USUAL_FPS

    def frames() -> Iterator[Picture]:
        with naming(path), opened(BytesIO(content)) as image:
            for index in range(count):
                image.seek(index)
                yield picture_of(image, longest)

    return Film(count, max(1, round(1000 / milliseconds)), frames())


def _read_video(path: Path, longest: int | None) -> Film:
    try:
        av: Any = importlib.import_module("av")
    except ImportError as error:
        raise GantoolError(f"{path}: films need PyAV: pip install 'gantool[video]', or give a folder.") from error
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            count = stream.frames or sum(1 for _ in container.decode(stream))
            fps = round(stream.average_rate or USUAL_FPS)
    except (av.FFmpegError, IndexError) as error:
        raise DataError(f"{path} cannot be read as a film: {error}.") from error

    def frames() -> Iterator[Picture]:
        with av.open(str(path)) as container:
            for frame in container.decode(container.streams.video[0]):
                yield picture_of(frame.to_image(), longest)

    return Film(count, fps, frames())


def same_size(frame: Picture, first: Picture, index: int) -> None:
    """Raise DataError for a frame of another size than the first."""
    if frame.pixels.shape != first.pixels.shape:
        sizes = [" x ".join(map(str, reversed(one.pixels.shape[-2:]))) for one in (frame, first)]
        raise DataError(f"Frame {index} is {sizes[0]} pixels and the first is {sizes[1]}: frames have one size.")
