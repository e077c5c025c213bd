"""Colours of a picture carried on beyond its edges, into what is transparent."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

PAPER = 255
SURE = 8
"""The divisor of full alpha below which a pixel takes colour from those around it: 8 bits leave its own too coarse."""


def carried_on(color: UInt8[Tensor, "3 h w"], alpha: UInt8[Tensor, "1 h w"]) -> UInt8[Tensor, "3 h w"]:
    """Colours that are not multiplied by alpha, with those of the nearest visible pixels where alpha is 0.

    A pyramid gives these (Gortler et al. 1996, "The lumigraph": pull and push). Where nothing is visible all is white.
    """
    share = alpha.float() / 255
    filled = _filled(torch.cat([color.float() * share, share])[None])[0].round().clamp(0, 255).to(torch.uint8)
    return torch.where(alpha >= 255 // SURE + 1, color, filled)


def _filled(level: Float[Tensor, "1 4 h w"]) -> Float[Tensor, "1 3 h w"]:
    """Colours of a level of the pyramid, from colours multiplied by their shares, and these shares."""
    height, width = level.shape[-2:]
    share = level[:, 3:]
    own = level[:, :3] / share.clamp(min=1e-20)
    if max(height, width) == 1:
        return own if share.item() > 0 else torch.full_like(own, PAPER)
    coarse = _filled(avg_pool2d(level, 2, ceil_mode=True))
    around = interpolate(coarse, (height, width), mode="bilinear")
    return around.lerp(own, (share * SURE).clamp(max=1))
