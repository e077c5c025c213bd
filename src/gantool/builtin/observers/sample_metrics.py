"""The watch's metrics of samples, compared with real pictures at the same resolution."""

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
    """Metrics of samples against a set of real pictures, whose statistics are kept for each resolution."""

    def __init__(self, reals: UInt8[Tensor, "n c h w"]) -> None:
        self._reals = reals
        self._at: dict[int, _Statistics] = {}

    @torch.inference_mode()
    def measure(self, samples: UInt8[Tensor, "m c h w"]) -> dict[str, float]:
        """Metrics of samples compared with as many reals; docs/watch.md explains each name."""
        side, count = samples.shape[-1], min(len(samples), len(self._reals))
        if side not in self._at:
            self._at[side] = _Statistics(shrunk(self._reals[:count], side))
        fakes, reals = _Statistics(samples[:count]), self._at[side]
        levels = swd.distance(fakes.patches, reals.patches, PROJECTIONS)
        return {
            "swd": swd.mean(levels),
            **{f"swd_{level}": value for level, value in levels.items()},
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
