"""What the page shows of a model: drawn by one thread, since networks are not for several at once, and kept current."""

import tempfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from gantool.engine import latents as latent_space
from gantool.engine.draw import chunk_size
from gantool.engine.run_names import SAMPLES
from gantool.errors import GantoolError, OptionError, UnknownNameError, did_you_mean
from gantool.pixels import ALPHA_CHANNELS
from gantool.render.animations import save_frames
from gantool.render.pictures import encoded, to_pil
from gantool.sampling.directions import Directions, directions_file, load_directions
from gantool.sampling.load import load
from gantool.sampling.locate import generator_file, model_name, run_of
from gantool.sampling.model import Model
from gantool.sampling.points import Point, labels_of, latents_of

SMALL = 128
"""The side of pictures in a grid, at most."""
ALIKE_SIDE, ALIKE_AMONG = 8, 512
MOST_WALKED, MOST_FRAMES, MOST_VALUES = 64, 2_000, 2**29
"""Of a walk: points, frames, and values of all pixels, which are held in memory."""
KEPT_BYTES = 64 << 20
"""Memory for pictures drawn last: a picture chosen from the grid is there already."""
SHOWN_DIRECTIONS = 10

T = TypeVar("T")
Check = Callable[[], None]


@dataclass(frozen=True)
class Loaded:
    """A model as it was read from its file, and the directions beside it."""

    model: Model
    signature: tuple[object, ...]
    version: int
    sides: Sequence[int]
    layers: int
    """Layers with latents of their own; 0 where there are none."""
    at_once: int
    """Pictures that take as long as one."""
    directions: Directions | None
    note: str = ""
    """Why something beside the model could not be used."""


class Explorer:
    """Draws pictures of a MODEL for a page, and reads the model anew when its file changes.

    Every method that draws takes a `check`, called between pieces of work, which raises to abandon it.
    """

    def __init__(self, model: str, device: str = "auto") -> None:
        self.path, self.device = model, device
        self._worker = ThreadPoolExecutor(1, "drawing")
        self.name = model_name(model)
        self.run = run_of(model)
        self._kept = OrderedDict[tuple[int, Point, int | None], UInt8[Tensor, "c h w"]]()
        self.loaded = self._wait(lambda: self._load(1))
        self.trouble = ""
        """Why a newer model could not be read."""

    def close(self) -> None:
        """Abandon what is not drawn yet."""
        self._worker.shutdown(cancel_futures=True)

    def refresh(self) -> Loaded:
        """The model as its file is now; the one before, if that cannot be read."""
        before = self.loaded
        try:
            if self._signature() != before.signature:
                self.loaded = self._wait(lambda: self._renewed(before))
            self.trouble = ""
        except GantoolError as error:
            self.trouble = str(error)
        return self.loaded

    def state(self) -> dict[str, Any]:
        """What the page has to know of the model, and of its run."""
        loaded = self.refresh()
        card = loaded.model.card
        found = () if loaded.directions is None else loaded.directions.vectors[:SHOWN_DIRECTIONS]
        return {
            "version": loaded.version, "name": self.name, "card": str(card), "images_seen": card.images_seen,
            "resolution": card.resolution, "alpha": card.channels == ALPHA_CHANNELS,
            "classes": card.class_names, "space": loaded.model.space,
            "layers": loaded.layers, "sides": list(loaded.sides), "directions": len(found),
            "at_once": min(24, loaded.at_once), "sheets": self.sheets(), "most_walked": MOST_WALKED,
            "most_frames": {side: most_frames(card.channels, side) for side in loaded.sides},
            "note": self.trouble or loaded.note,
        }  # fmt: skip

    def sheets(self) -> list[int]:
        """The snapshots of the run, by images seen."""
        names = () if self.run is None else (file.stem for file in (self.run / SAMPLES).glob("*.png"))
        return sorted(int(name) for name in names if name.isascii() and name.isdecimal() and len(name) < 16)

    def pictures(self, points: Sequence[Point], level: int | None, check: Check) -> list[Image.Image]:
        """A picture of each point, exactly as `gantool sample` draws it."""
        loaded = self.loaded
        return [to_pil(image) for image in self._draw(lambda: self._of_points(loaded, points, level), check)]

    def small(self, points: Sequence[Point], level: int | None, check: Check) -> list[bytes]:
        """The same as PNG files of at most 128 pixels."""
        pictures = self.pictures(points, level, check)
        for picture in pictures:
            picture.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
        return [encoded(picture, ".png") for picture in pictures]

    def alike(self, point: Point, first: int, count: int, check: Check) -> list[int]:
        """Of 512 seeds from `first` on those whose pictures resemble a point's most, the nearest first."""
        shrink, loaded = torch.nn.functional.adaptive_avg_pool2d, self.loaded
        coarse = [side for side in loaded.sides if side >= 2 * ALIKE_SIDE]
        level = min(coarse) if len(coarse) > 1 else None

        def looks(points: Sequence[Point]) -> Float[Tensor, "n d"]:
            drawn = self._draw(lambda: self._of_points(loaded, points, level), check)
            return shrink(drawn.float(), ALIKE_SIDE).flatten(1)

        wanted = looks([point])
        seeds = [seed for seed in range(first, first + ALIKE_AMONG) if point.of_seed(seed) != point]
        points = [point.of_seed(seed) for seed in seeds]
        size = loaded.at_once
        found = torch.cat([looks(points[start : start + size]) for start in range(0, len(points), size)])
        nearest = (found - wanted).norm(dim=1).topk(min(count, len(seeds)), largest=False).indices
        return [seeds[index] for index in nearest.tolist()]

    def walk(
        self, points: Sequence[Point], frames: int, method: str, loop: bool, level: int | None, check: Check
    ) -> UInt8[Tensor, "frames c h w"]:
        """A walk from point to point, as `gantool interpolate` walks from seed to seed.

        A conditional model without a w space draws all of it as the class of the first.
        """
        loaded = self.loaded  # one model for the whole film, though the run may have a newer one meanwhile
        card, methods = loaded.model.card, latent_space.METHODS[loaded.model.space]
        if method not in methods:
            raise UnknownNameError(f"No method {method!r}.{did_you_mean(method, methods)}")
        side = level or card.resolution
        most = most_frames(card.channels, side)
        if not 2 <= len(points) <= MOST_WALKED or not len(points) <= frames <= most:
            raise OptionError(
                f"A walk takes from 2 to {MOST_WALKED} favourites, a frame for each and, at {side} pixels, at most "
                f"{most:,}, not {len(points)} and {frames:,}."
            )

        def path() -> tuple[Tensor, list[int] | None]:
            label = labels_of(loaded.model, points[:1])
            keys = latents_of(loaded.model, points, loaded.directions)
            return latent_space.walk(keys, frames, methods[method], loop), label

        latents, label = self._draw(path, check)
        size = loaded.at_once
        drawn = torch.empty(frames, card.channels, side, side, dtype=torch.uint8)
        for start in range(0, frames, size):
            part = latents[start : start + size]
            labels = None if label is None else label * len(part)
            drawn[start : start + size] = self._draw(partial(loaded.model.render, part, labels, level), check)
        return drawn

    def _of_points(self, loaded: Loaded, points: Sequence[Point], level: int | None) -> UInt8[Tensor, "n c h w"]:
        keys = [(loaded.version, point, level) for point in points]
        known = {key: self._kept.pop(key) for key in set(keys) if key in self._kept}
        missing = [point for key, point in zip(keys, points, strict=True) if key not in known]
        if missing:
            latents = latents_of(loaded.model, missing, loaded.directions)
            drawn = loaded.model.render(latents, labels_of(loaded.model, missing), level)
            new = ((loaded.version, point, level) for point in missing)
            known |= {key: image.clone() for key, image in zip(new, drawn, strict=True)}
        self._kept |= known
        card = loaded.model.card
        while len(self._kept) > KEPT_BYTES // (card.channels * card.resolution**2):
            self._kept.popitem(last=False)
        return torch.stack([known[key] for key in keys])

    def _draw(self, work: Callable[[], T], check: Check) -> T:
        def checked() -> T:
            check()
            return work()

        return self._wait(checked)

    def _wait(self, work: Callable[[], T]) -> T:
        """What the drawing thread makes of this work. Raises CancelledError once the explorer is closed."""
        try:
            future = self._worker.submit(work)
        except RuntimeError as error:
            raise CancelledError from error
        return future.result()

    def _signature(self) -> tuple[object, ...]:
        """What tells that the model, or the directions beside it, are others than those that were read."""
        files = (generator_file(self.path), directions_file(self.path))
        found = [(str(file), file.stat()) for file in files if file.is_file()]
        return tuple((name, status.st_mtime_ns, status.st_size, status.st_ino) for name, status in found)

    def _renewed(self, before: Loaded) -> Loaded:
        if self.loaded is not before:  # another client came first
            return self.loaded
        return self._load(before.version + 1)

    def _load(self, version: int) -> Loaded:
        signature = self._signature()
        model = load(self.path, self.device)
        directions, note = None, ""
        if directions_file(self.path).is_file():
            try:
                directions = load_directions(directions_file(self.path))
                directions.check_model(model, self.path)
            except GantoolError as error:
                directions, note = None, str(error)
        layers = model.latent_shape[0] if model.space == "w" and len(model.latent_shape) == 2 else 0
        at_once = chunk_size(model.card.resolution, model.device)
        return Loaded(model, signature, version, model.sides(), layers, at_once, directions, note)


def most_frames(channels: int, side: int) -> int:
    """The most frames of a walk through pictures of so many channels and pixels a side."""
    return min(MOST_FRAMES, MOST_VALUES // (channels * side**2))


def film(frames: UInt8[Tensor, "n c h w"], suffix: str, fps: int, loop: bool) -> bytes:
    """Frames as a file of this suffix, as `gantool interpolate` writes it."""
    with tempfile.TemporaryDirectory(prefix="gantool-walk-") as folder:
        path = Path(folder) / f"walk{suffix}"
        save_frames(path, frames, [Fraction(1, fps)] * len(frames), plays=0 if loop else 1)
        return path.read_bytes()
