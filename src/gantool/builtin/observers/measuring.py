"""What the watch measures of samples, against real pictures reduced to their side."""

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.data.cache.reduced import shrunk
from gantool.metrics import diversity, look, swd

PATCHES, PROJECTIONS = 1024, 32
"""Fewer than a careful measurement takes: samples of a run are compared with each other, by the same patches."""
GRAIN_PICTURES = 16
"""So many are enough for contrast and detail, which are means over pixels."""


class Yardstick:
    """Real pictures, and what was measured of them at each side that samples came at."""

    def __init__(self, reals: UInt8[Tensor, "n c h w"]) -> None:
        self._reals = reals
        self._at: dict[int, _Facts] = {}

    @torch.inference_mode()
    def measure(self, samples: UInt8[Tensor, "m c h w"]) -> dict[str, float]:
        """How samples compare with as many reals; see docs/watch.md for each name."""
        side, count = samples.shape[-1], min(len(samples), len(self._reals))
        if side not in self._at:
            self._at[side] = _Facts(shrunk(self._reals[:count], side))
        facts, reals = _Facts(samples[:count]), self._at[side]
        levels = swd.distance(facts.patches, reals.patches, PROJECTIONS)
        return {
            "swd": swd.mean(levels),
            **{f"swd_{level}": value for level, value in levels.items()},
            "diversity": diversity.share(facts.spread, reals.spread),
            "spacing": diversity.share(facts.spacing, reals.spacing),
            "contrast": diversity.share(facts.contrast, reals.contrast),
            "detail": diversity.share(facts.detail, reals.detail),
            "clipped": facts.clipped - reals.clipped,
            "side": float(side),
        }


class _Facts:
    """Of one set of pictures."""

    def __init__(self, images: UInt8[Tensor, "n c h w"]) -> None:
        self.patches = swd.patches_of(images, PATCHES)
        self.spread, self.spacing = diversity.spread_and_spacing(images)
        self.contrast = look.contrast(images[:GRAIN_PICTURES])
        self.detail = look.detail(images[:GRAIN_PICTURES])
        self.clipped = look.clipped(images)
