"""Noise that is searched must stay noise: maps that carry a picture are penalised (Karras et al. 2020, appendix D)."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

SMALLEST = 8
"""Maps are compared with themselves at every side down to this."""

Maps = Iterable[Float[Tensor, "side side"]]


def autocorrelation(maps: Maps) -> Float[Tensor, ""]:
    """The squared correlation of neighbouring pixels, summed over maps, directions and halved sides."""
    found = torch.zeros(())
    for noise in maps:
        level = noise[None, None]
        while True:
            for direction in (2, 3):
                correlation: Tensor = (level * level.roll(1, direction)).mean().square()
                found = found.to(correlation.device) + correlation
            if level.shape[-1] <= SMALLEST:
                break
            level = 2 * F.avg_pool2d(level, 2)  # twice the mean of four: the variance of white noise stays 1
    return found


@torch.no_grad()
def renormalized(maps: Maps) -> None:
    """Each map to mean 0 and variance 1, in place."""
    for noise in maps:
        noise.sub_(noise.mean())
        noise.mul_(noise.square().mean().rsqrt())
