"""The transformations of ADA's pipeline "bgc", with their strengths (Karras et al. 2020, ADA, appendix B)."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gantool.api.networks import Images
from gantool.builtin.augment import colors, geometry
from gantool.builtin.augment.resampling import warped
from gantool.builtin.augment.shifts import shifted
from gantool.builtin.augment.transparency import in_place
from gantool.pixels import has_alpha

Level = Float[Tensor, "n c s s"]


@dataclass(frozen=True)
class Drawn:
    """One draw for n samples, in the order of application; a transformation that a sample misses is neutral."""

    flip: Float[Tensor, "n"]
    quarters: Float[Tensor, "n"]
    shift: Float[Tensor, "2 n"]
    moves: Bool[Tensor, "n"]
    inverse: Float[Tensor, "n 2 3"]
    recolors: Bool[Tensor, "n"]
    matrices: Float[Tensor, "n 4 4"]

    def apply(self, images: Images) -> Images:
        """Transform all levels alike: shifts are whole pixels of the finest level, and as far in the coarser ones."""
        finest = images[-1].shape[-1]
        pixels = (self.shift * finest).round()
        return tuple(self._augmented(level, pixels * (level.shape[-1] / finest)) for level in images)

    def _augmented(self, level: Level, pixels: Float[Tensor, "2 n"]) -> Level:
        level = geometry.turned(geometry.flipped(level, self.flip), self.quarters)
        mirror = not has_alpha(level)  # with alpha, what comes in from outside is transparent instead
        # Samples are selected, rather than mapped by the identity, so that those left alone keep every bit.
        slid = in_place(level, lambda seen: shifted(seen, pixels[0], pixels[1], mirror))
        level = geometry.chosen(pixels.ne(0).any(dim=0), slid, level)
        moved = in_place(level, lambda seen: warped(seen, self.inverse, mirror))
        level = geometry.chosen(self.moves, moved, level)
        return geometry.chosen(self.recolors, colors.recolored(level, self.matrices), level)


def draw(p: Float[Tensor, ""], n: int, like: Tensor) -> Drawn:
    """Draw each transformation with probability p for each sample, on the device and in the type of `like`."""
    chances = _Chances(p.to(like.device, like.dtype), n)
    # The probability of each of two rotations, so that that of any rotation is p.
    p_turn = 1 - (1 - chances.p).sqrt()
    flip, quarters = chances.count(2), chances.count(4)
    shift = chances.uniform(0.125, rows=2)
    zoom, first = chances.normal(0.2)[0], chances.uniform(math.pi, p=p_turn)[0]
    stretch, second = chances.normal(0.2)[0], chances.uniform(math.pi, p=p_turn)[0]
    slide = chances.normal(0.125, rows=2)
    bright, contrast, inverted = chances.normal(0.2)[0], chances.normal(0.5)[0], chances.count(2)
    hue, saturation = chances.uniform(math.pi)[0], chances.normal(1.0)[0]
    matrices = colors.contrast(contrast.exp2()) @ colors.brightness(bright)
    matrices = colors.hue(hue) @ colors.luma_flip(inverted) @ matrices
    return Drawn(
        flip=flip,
        quarters=quarters,
        shift=shift,
        moves=torch.stack([zoom, first, stretch, second, *slide]).ne(0).any(dim=0),
        inverse=geometry.inverse_affine(zoom.exp2(), first, stretch.exp2(), second, slide),
        recolors=torch.stack([bright, contrast, inverted, hue, saturation]).ne(0).any(dim=0),
        matrices=colors.saturation(saturation.exp2()) @ matrices,
    )


@dataclass(frozen=True)
class _Chances:
    """Random numbers [rows, n] that are 0, and so have no effect, for all but a share p of the samples."""

    p: Float[Tensor, ""]
    n: int

    def uniform(self, limit: float, rows: int = 1, p: Float[Tensor, ""] | None = None) -> Float[Tensor, "rows n"]:
        """Uniform numbers from -limit to limit."""
        return self._happening((2 * self._rand(rows) - 1) * limit, self.p if p is None else p)

    def normal(self, deviation: float, rows: int = 1) -> Float[Tensor, "rows n"]:
        """Normal numbers about 0."""
        drawn = torch.randn(rows, self.n, device=self.p.device, dtype=self.p.dtype)
        return self._happening(deviation * drawn, self.p)

    def count(self, below: int) -> Float[Tensor, "n"]:
        """Whole numbers from 0 to `below` - 1."""
        return self._happening((self._rand(1) * below).floor(), self.p)[0]

    def _happening(self, numbers: Tensor, p: Tensor) -> Tensor:
        return torch.where(self._rand(1) < p, numbers, 0.0)

    def _rand(self, rows: int) -> Tensor:
        return torch.rand(rows, self.n, device=self.p.device, dtype=self.p.dtype)
