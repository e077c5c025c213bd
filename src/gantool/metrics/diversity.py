"""How different pictures are from each other, as a share of how different as many real ones are: no network.

Pictures are compared at 8 pixels: layout and colour count; noise, which makes any two pictures differ, averages out.
"""

import math

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from gantool.pixels import to_float

SIDE = 8
NOTHING = 1e-4
"""A distance that counts as none: a fortieth of one step of 256 in each pixel."""


def spread(images: UInt8[Tensor, "n c h w"]) -> float:
    """The mean distance of two of the pictures: root mean square of pixels in [-1, 1], at 8 pixels."""
    return spread_and_spacing(images)[0]


def spacing(images: UInt8[Tensor, "n c h w"]) -> float:
    """The median distance of a picture to the one most like it; near 0 when most come more than once."""
    return spread_and_spacing(images)[1]


def spread_and_spacing(images: UInt8[Tensor, "n c h w"]) -> tuple[float, float]:
    """Both, at the cost of one."""
    n = len(images)
    if n < 2:
        return 0.0, 0.0
    between = _distances(images)
    mean = float(between.sum()) / (n * (n - 1))
    return mean, float(between.fill_diagonal_(float("inf")).amin(dim=1).median())


def share(of_samples: float, of_reals: float) -> float:
    """One such number as a share of the reals' own; 1 where the reals do not differ at all."""
    return of_samples / of_reals if of_reals > NOTHING else 1.0


def diversity(samples: UInt8[Tensor, "n c h w"], reals: UInt8[Tensor, "m c h w"]) -> float:
    """The samples' spread as a share of that of the reals: 0 when all are equal, about 1 when they differ as much."""
    return share(spread(samples), spread(reals))


def _distances(images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n n"]:
    small = F.adaptive_avg_pool2d(to_float(images), min(SIDE, images.shape[-1])).flatten(1)
    # Differences themselves, since those of squared norms would leave equal pictures a little apart.
    between: Tensor = torch.cdist(small, small, compute_mode="donot_use_mm_for_euclid_dist")
    return between / math.sqrt(small.shape[1])
