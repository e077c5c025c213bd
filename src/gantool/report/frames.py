"""Sheets of samples as WebP for a page: few of many, spread in log time, within a budget of bytes."""

import base64
import io
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import inf, log1p
from pathlib import Path

from PIL import Image, UnidentifiedImageError

MOST_FRAMES, FEWEST = 24, 6
BUDGET = 3_200_000
"""Bytes of all frames of a page; in base64 they take a third more."""
SIDE = 1280
"""The longer side of a frame in pixels, at most."""
QUALITIES = (82, 62, 42)
SMALLER = 0.7
LARGEST = 2**26
"""Pixels of the largest sheet that is decoded."""


@dataclass(frozen=True)
class Frame:
    """A sheet as a picture in a page: a data URI, and its size in pixels."""

    images_seen: int
    uri: str
    width: int
    height: int


def spread(images_seen: Collection[int]) -> Iterator[int]:
    """These numbers, each as far as can be from those before it in the logarithm; the last and the first come first."""
    unit = min((number for number in images_seen if number > 0), default=1)
    place = {number: log1p(number / unit) for number in images_seen}  # so that 0, and the first after it, have a place
    apart = dict.fromkeys(place, inf)
    while apart:
        chosen = max(apart, key=lambda number: (apart[number], number if apart[number] == inf else 0))
        yield chosen
        del apart[chosen]
        apart = {number: min(far, abs(place[number] - place[chosen])) for number, far in apart.items()}


class Encoder:
    """Encodes sheets as frames of a page, and keeps those of its last call: a run's report is made again and again."""

    def __init__(self, most: int = MOST_FRAMES, pages: int = 1) -> None:
        self._most = max(1, most // pages)
        self._bytes, self._side = BUDGET // (self._most * pages), SIDE // (2 if pages > 1 else 1)
        self._kept: dict[tuple[Path, int], Frame | None] = {}

    def frames(self, sheets: Mapping[int, Path], seconds: float | int = inf, best: int = 0) -> list[Frame]:
        """Frames of at most as many sheets as a page has, in the order of images seen; unreadable ones are left out.

        The last and that of the `best` checkpoint are among them. No more are encoded than `seconds`
        allow, but for the first few.
        """
        known: dict[tuple[Path, int], Frame | None] = {}
        ends = time.monotonic() + seconds
        order = list(islice(spread(sheets), self._most))
        chosen = dict.fromkeys([*order[:1], *({best} & sheets.keys()), *order[1:]])
        for seen in islice(chosen, self._most):
            try:
                key = sheets[seen], sheets[seen].stat().st_mtime_ns
            except OSError:
                continue
            if key in self._kept:
                known[key] = self._kept[key]
            elif len(known) < FEWEST or time.monotonic() < ends:
                known[key] = self._encode(seen, sheets[seen])
        self._kept = known
        return sorted((frame for frame in known.values() if frame is not None), key=lambda frame: frame.images_seen)

    def _encode(self, seen: int, path: Path) -> Frame | None:
        try:
            with Image.open(path, formats=["PNG"]) as file:
                if file.width * file.height > LARGEST:
                    return None
                picture = file.convert("RGB")
        except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
            return None
        picture.thumbnail((self._side, self._side), Image.Resampling.LANCZOS)
        content = within(picture, self._bytes)
        uri = f"data:image/webp;base64,{base64.b64encode(content).decode()}"
        return Frame(seen, uri, picture.width, picture.height)


def within(picture: Image.Image, most: int) -> bytes:
    """The picture as WebP of at most so many bytes: in lower quality if need be, at last in fewer pixels."""
    while True:
        for quality in QUALITIES:
            buffer = io.BytesIO()
            picture.save(buffer, "WEBP", quality=quality, method=2)
            if buffer.tell() <= most or max(picture.size) <= 16:
                return buffer.getvalue()
        picture = picture.resize([max(1, round(side * SMALLER)) for side in picture.size], Image.Resampling.LANCZOS)
