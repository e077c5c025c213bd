"""The source `shapes`: flat pictures of one figure each, of 2,304 kinds, drawn on demand.

A kind is figure x colour x background x finish. Every kind occurs once in each 2,304 consecutive pictures, in shuffled
order; within a kind, place, size and angle vary a little. All of it follows from (seed, index).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8, UInt64
from torch import Tensor

from gantool.api.data import Source
from gantool.builtin.sources.builtin_sets import ShapesOptions
from gantool.builtin.sources.shapes_draw import BACKGROUNDS, COLORS, FINISHES, Strokes, draw
from gantool.builtin.sources.shapes_figures import FIGURES

FACTORS: dict[str, tuple[str, ...]] = {
    "figure": tuple(figure.__name__ for figure in FIGURES),
    "color": tuple(COLORS),
    "background": tuple(BACKGROUNDS),
    "finish": FINISHES,
}
"""The factors of a kind, with their values; kinds are numbered with the last factor counting fastest."""

SIZES = tuple(len(values) for values in FACTORS.values())
"""The number of values of each factor."""

_KINDS = math.prod(SIZES)
_EDITION = 3  # raise it when the pictures change, so that no cache of the old ones is used
MAX_SHIFT, MAX_GROWTH, MAX_ANGLE = 0.05, 0.06, 0.12
"""The variation of place (of half a picture), size (relative) and angle (radians) within a kind, either way."""


class Kind(NamedTuple):
    """One combination of the four factors."""

    figure: str
    color: str
    background: str
    finish: str


def kinds() -> tuple[Kind, ...]:
    """All kinds, in the order of their numbers."""
    return tuple(kind_of(number) for number in range(_KINDS))


def kind_of(number: int) -> Kind:
    """The kind of this number, 0 to 2,303."""
    places = np.unravel_index(number, SIZES)
    return Kind(*(values[int(place)] for values, place in zip(FACTORS.values(), places, strict=True)))


@dataclass(frozen=True)
class Shapes(Source):
    """`count` pictures `[channels, resolution, resolution]`, labelled with their figure."""

    count: int
    seed: int
    resolution: int
    channels: int

    def __post_init__(self) -> None:
        size = f"{self.resolution}x{self.channels}"
        object.__setattr__(self, "class_names", FACTORS["figure"])
        object.__setattr__(self, "fingerprint", f"shapes-{_EDITION}-{self.count}-{self.seed}-{size}")

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[UInt8[Tensor, "c h w"], int]:
        index = self._inside(index)
        images, labels = self.batch(index, index + 1)
        return torch.from_numpy(images[0]), int(labels[0])

    def batch(self, start: int, stop: int) -> tuple[UInt8[np.ndarray, "n c h w"], Int64[np.ndarray, "n"]]:
        """Pictures `start` to `stop` and their labels, much faster than one at a time."""
        indices = np.arange(start, min(stop, self.count), dtype=np.int64)
        found = strokes(self.numbers(indices), self.seed, indices)
        return draw(found, self.resolution, self.channels), found.figure

    def factors(self, index: int) -> Kind:
        """The kind of one picture."""
        return kind_of(int(self.numbers(np.array([self._inside(index)]))[0]))

    def numbers(self, indices: Int64[np.ndarray, "n"]) -> Int64[np.ndarray, "n"]:
        """The number of each picture's kind."""
        rounds, places = np.divmod(indices, _KINDS)
        numbers = np.empty_like(indices)
        for lap in np.unique(rounds):
            mine = rounds == lap
            numbers[mine] = _order(self.seed, int(lap))[places[mine]]
        return numbers

    def _inside(self, index: int) -> int:
        if not -self.count <= index < self.count:
            raise IndexError(f"picture {index} of {self.count}")
        return index % self.count


def build(options: ShapesOptions, resolution: int, channels: int) -> Shapes:
    """The source, at any resolution, with 1, 3 or 4 channels."""
    return Shapes(options.count, options.seed, resolution, channels)


def strokes(numbers: Int64[np.ndarray, "n"], seed: int, indices: Int64[np.ndarray, "n"]) -> Strokes:
    """The strokes of picture `indices[i]` of kind `numbers[i]`, with the place, size and angle drawn for it."""
    figure, color, background, finish = (np.asarray(places, np.int64) for places in np.unravel_index(numbers, SIZES))
    x, y, growth, angle = (_uniform(seed, indices, stream) for stream in range(4))
    return Strokes(
        figure, color, background, finish,
        x * MAX_SHIFT, y * MAX_SHIFT,
        1 + growth * MAX_GROWTH, angle * MAX_ANGLE,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _order(seed: int, lap: int) -> Int64[np.ndarray, "k"]:
    """The shuffled order of the kinds in one pass through them."""
    keys = _hash(seed, np.arange(_KINDS) + lap * _KINDS, stream=4)
    return np.argsort(keys, kind="stable")


def _uniform(seed: int, indices: Int64[np.ndarray, "n"], stream: int) -> Float32[np.ndarray, "n"]:
    """Uniform numbers in [-1, 1)."""
    return ((_hash(seed, indices, stream) >> np.uint64(40)).astype(np.float64) / 2**23 - 1).astype(np.float32)


def _hash(seed: int, indices: Int64[np.ndarray, "n"], stream: int) -> UInt64[np.ndarray, "n"]:
    """SplitMix64 (Steele et al. 2014) of (seed, stream, index): the same on every machine and numpy."""
    state = np.full(len(indices), seed % 2**64, np.uint64)
    for word in (np.uint64(stream), indices.astype(np.uint64)):
        state = (state ^ word) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return state
