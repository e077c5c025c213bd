"""The watch's metrics of samples, compared with real pictures at the same resolution."""

import math

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.data.cache.reduced import shrunk
from gantool.metrics import diversity, look, swd

PATCHES, PROJECTIONS = 1024, 32
"""Patches per level and projections: few suffice, since samples of one run are compared by the same ones."""
GRAIN_PICTURES = 16
"""The number of pictures for contrast and detail, which are means over pixels."""


class SampleMetrics:
    """Metrics of samples against the first `count` of a set of real pictures (None: all).

    The halves of all of them tell how far sets of so many pictures are apart by chance, `swd_reals`, which a single
    picture has not. What is found of the reals is kept for each resolution.
    """

    def __init__(self, reals: UInt8[Tensor, "n c h w"], count: int | None = None) -> None:
        self._reals, self._count = reals, min(count or len(reals), len(reals))
        self._at: dict[int, tuple[_Statistics, float]] = {}

    @torch.inference_mode()
    def measure(self, samples: UInt8[Tensor, "m c h w"]) -> dict[str, float]:
        """Metrics of samples compared with as many reals; docs/watch.md explains each name."""
        side, count = samples.shape[-1], min(len(samples), self._count)
        if side not in self._at:
            reduced = shrunk(self._reals, side)
            self._at[side] = _Statistics(reduced[:count]), _apart_by_chance(reduced, count)
        fakes, (reals, by_chance) = _Statistics(samples[:count]), self._at[side]
        levels = swd.distance(fakes.patches, reals.patches, PROJECTIONS)
        return {
            "swd": swd.mean(levels),
            **{f"swd_{level}": value for level, value in levels.items()},
            **({"swd_reals": by_chance} if by_chance else {}),
            "diversity": diversity.relative(fakes.spread, reals.spread),
            "spacing": diversity.relative(fakes.spacing, reals.spacing),
            "contrast": diversity.relative(fakes.contrast, reals.contrast),
            "detail": diversity.relative(fakes.detail, reals.detail),
            "clipped": fakes.clipped - reals.clipped,
            "grey": fakes.grey - reals.grey,
            "color": diversity.relative(fakes.color, reals.color),
            "checkerboard": fakes.checkerboard / max(reals.checkerboard, 1.0),
            "side": float(side),
        }


def _apart_by_chance(reals: UInt8[Tensor, "n c h w"], count: int) -> float:
    """The distance between two sets of so many reals, from smaller sets where there are fewer; 0 for a single one."""
    half = min(count, len(reals) // 2)
    if half == 0:
        return 0.0
    levels = swd.distance(swd.patches_of(reals[:half], PATCHES), swd.patches_of(reals[-half:], PATCHES), PROJECTIONS)
    return swd.mean(levels) * math.sqrt(half / count)  # as means of samples differ


class _Statistics:
    """The statistics of one set of pictures."""

    def __init__(self, images: UInt8[Tensor, "n c h w"]) -> None:
        self.patches = swd.patches_of(images, PATCHES)
        self.spread, self.spacing = diversity.spread_and_spacing(images)
        self.contrast = look.contrast(images[:GRAIN_PICTURES])
        self.detail = look.detail(images[:GRAIN_PICTURES])
        self.clipped = look.clipped(images)
        self.grey, self.color = look.grey_pictures(images), look.colorfulness(images)
        self.checkerboard = look.checkerboard(images[:GRAIN_PICTURES])
