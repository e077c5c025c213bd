"""Frames of an animation, a film (by PyAV), or a folder of pictures in order, with the time of each."""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from itertools import count as count_from
from itertools import pairwise
from os.path import realpath
from pathlib import Path
from typing import Any

from PIL import Image

from gantool.data.pictures.decode import naming, opened
from gantool.data.pictures.inspection import frames_of
from gantool.data.pictures.listing import warn_of_skipped
from gantool.data.pictures.tree import usable_listing
from gantool.data.pictures.whole import Picture, picture_of, read_picture, size_by_header
from gantool.errors import DataError, GantoolError, nearest_beside

FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
USUAL = Fraction(1, 25)
BROWSERS = Fraction(1, 10)
"""The time for which browsers show a frame of an animation that asks for 10 ms or less."""


@dataclass(frozen=True)
class Film:
    """Frames of one size, read one by one, with the seconds of each; the whole is shown `plays` times, 0 for ever.

    A film with `sound` begins at the second `start` of its file. `alpha` is True for a film with transparency that
    cannot be read.
    """

    times: Sequence[Fraction]
    frames: Iterator[Picture]
    plays: int = 0
    sound: bool = False
    start: Fraction = Fraction(0)
    alpha: bool = False


def read_film(path: Path, longest: int | None, enlarge: bool = True, leave_out: Path | None = None) -> Film:
    """The frames of an animation, film or folder, resized as by `read_picture`; `leave_out` is no frame of a folder.

    Raises DataError that names what cannot be read, and for a folder the frame of another size than the first.
    """
    if path.is_dir():
        files = [path / file for file in pictures_in(path, leave_out)]
        _check_sizes(files, longest, enlarge)
        pictures = (read_picture(file, longest, enlarge) for file in files)
        return Film([USUAL] * len(files), _of_one_size(pictures, map(str, files)))
    if not path.is_file():
        raise DataError(f"{path} does not exist.{nearest_beside(path)}")
    read = _read_video if path.suffix.lower() in FILMS else _read_animation
    film = read(path, longest, enlarge)
    return replace(film, frames=_of_one_size(film.frames, (f"Frame {index} of {path}" for index in count_from(1))))


def pictures_in(folder: Path, leave_out: Path | None = None) -> list[str]:
    """The paths of a folder's pictures, in order, below it; those at or below `leave_out` are none.

    Warns of files that may not be read. Raises DataError if there are no others.
    """
    listing = usable_listing(str(folder))
    own = None if leave_out is None else leave_out.resolve()
    warn_of_skipped(folder, (one for one in listing.skipped if own is None or not within(folder / one[0], own)))
    found = [item.path for item in listing.items if own is None or not within(folder / item.path, own)]
    if not found:
        raise DataError(f"{folder} holds no pictures but those of {leave_out}, which are results.")
    return found


def within(path: Path, place: Path) -> bool:
    """True if a path is `place`, or below it."""
    return Path(realpath(path)).is_relative_to(realpath(place))  # Path.resolve fails at a link that leads to itself


def _read_animation(path: Path, longest: int | None, enlarge: bool) -> Film:
    content = path.read_bytes()
    times = []
    with naming(path), opened(BytesIO(content)) as image:
        count = frames_of(image)
        first = 1 if getattr(image, "default_image", False) and count > 1 else 0  # shown only where nothing moves
        for index in range(first, count):
            _seek(image, index)
            image.load()  # WebP gives the duration no earlier
            seconds = Fraction(image.info.get("duration", 0)) / 1000
            times.append(seconds if seconds > Fraction(1, 100) else BROWSERS)
        plays = _plays(image)

    def frames() -> Iterator[Picture]:
        with naming(path), opened(BytesIO(content)) as image:
            for index in range(first, count):
                _seek(image, index)
                yield picture_of(image, longest, enlarge)

    return Film(times, frames(), plays)


def _seek(image: Image.Image, index: int) -> None:
    if index:  # some formats cannot be sought to their first picture, where they are once opened
        image.seek(index)


def _plays(image: Image.Image) -> int:
    """The number of times that an animation is shown, 0 for ever; a GIF stores how often it is repeated."""
    loop = image.info.get("loop")
    if image.format != "GIF":
        return int(loop or 0)
    return 1 if loop is None else loop + 1 if loop else 0


def _read_video(path: Path, longest: int | None, enlarge: bool) -> Film:
    try:
        av: Any = importlib.import_module("av")
    except ImportError as error:
        raise GantoolError(f"{path}: films need PyAV: pip install 'gantool[video]', or give a folder.") from error
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            film = Film([], iter(()), sound=bool(container.streams.audio), alpha=_has_alpha(stream))
            shown = [frame.pts for frame in container.decode(stream)]
            start, times = _times(shown, stream)
    except (av.FFmpegError, IndexError) as error:
        raise DataError(f"{path} cannot be read as a film: {error}.") from error

    def frames() -> Iterator[Picture]:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            for frame in container.decode(stream):
                image = frame.to_image()
                wide = round(image.width * (stream.sample_aspect_ratio or 1))  # where pixels are no squares
                upright = image.resize((max(1, wide), image.height)).rotate(frame.rotation, expand=True)
                yield picture_of(upright, longest, enlarge)

    return replace(film, times=times, frames=frames(), start=start)


def _times(shown: Sequence[int | None], stream: Any) -> tuple[Fraction, list[Fraction]]:
    """The second at which a film begins, and the seconds of each frame: of one length where its clock allows that."""
    tick, rate = stream.time_base, stream.average_rate or 1 / USUAL
    known = [time for time in shown if time is not None]
    if not known or len(known) < len(shown) or any(later <= time for time, later in pairwise(known)):
        return Fraction(0), [1 / rate] * len(shown)
    for even in (rate, stream.guessed_rate or rate):
        if all(abs(time - known[0] - index / even / tick) <= 1 for index, time in enumerate(known)):
            return known[0] * tick, [1 / Fraction(even)] * len(known)
    gaps = [(later - time) * tick for time, later in pairwise(known)]
    return known[0] * tick, [*gaps, sum(gaps) / len(gaps)]


def _has_alpha(stream: Any) -> bool:
    return str(stream.metadata.get("alpha_mode", "0")) == "1"


def _check_sizes(files: Sequence[Path], longest: int | None, enlarge: bool) -> None:
    """Raise DataError for a picture that has another size than the first once both are resized, by their headers."""
    first = size_by_header(files[0], longest, enlarge)
    for file in files[1:]:
        if size_by_header(file, longest, enlarge) == first:
            continue
        pair = [read_picture(one, longest, enlarge).pixels.shape for one in (file, files[0])]
        if pair[0] != pair[1]:  # a header does not tell everything
            sizes = ["{} x {}".format(*size_by_header(one)) for one in (file, files[0])]
            raise DataError(
                f"{file} is {sizes[0]} pixels and the first frame, {files[0]}, is {sizes[1]}: the frames of a film "
                "have one size. Crop it to that size, or take it out of the folder."
            )


def _of_one_size(frames: Iterable[Picture], names: Iterable[str]) -> Iterator[Picture]:
    """The frames. Raises DataError at one of another size than the first."""
    first: Picture | None = None
    for frame, name in zip(frames, names, strict=False):
        first = first or frame
        if frame.pixels.shape != first.pixels.shape:
            sizes = [" x ".join(map(str, reversed(one.pixels.shape[-2:]))) for one in (frame, first)]
            raise DataError(
                f"{name} is {sizes[0]} pixels once it is resized and the first frame is {sizes[1]}: the frames of a "
                "film have one size. Crop it to that size, or take it out."
            )
        yield frame
