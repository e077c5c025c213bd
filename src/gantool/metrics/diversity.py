"""Diversity of samples, as a share of that of as many real pictures, without a network.

Pictures are compared at 8 pixels: layout and colour count, while noise, which makes any two pictures differ, averages
out.
"""

import math

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from gantool.metrics.once import once
from gantool.pixels import to_float

SIDE = 8
_AT_ONCE = 1024
NOTHING = 1e-4
"""The distance below which pictures count as equal: a fortieth of one of 256 levels in each pixel."""


def spread(images: UInt8[Tensor, "n c h w"]) -> float:
    """The mean distance between two pictures: root mean square over pixels in [-1, 1], at 8 pixels a side."""
    return spread_and_spacing(images)[0]


def spacing(images: UInt8[Tensor, "n c h w"]) -> float:
    """The median distance of a picture to its nearest neighbour; near 0 if most pictures occur more than once."""
    return spread_and_spacing(images)[1]


def spread_and_spacing(images: UInt8[Tensor, "n c h w"]) -> tuple[float, float]:
    """Spread and spacing, at the cost of one."""
    n = len(images)
    if n < 2:
        return 0.0, 0.0
    sums, nearest = _sums_and_nearest(images)
    return float(sums.sum()) / (n * (n - 1)), float(nearest.median())


@once
def _sums_and_nearest(images: UInt8[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"]]:
    """The sum of a picture's distances to all others, and the distance to the nearest of them."""
    small, sums, nearest = layouts(images), [], []
    for start in range(0, len(small), _AT_ONCE):
        between = _distances(small[start : start + _AT_ONCE], small)
        sums.append(between.double().sum(dim=1))
        between[torch.arange(len(between)), torch.arange(start, start + len(between))] = math.inf
        nearest.append(between.amin(dim=1))
    return torch.cat(sums), torch.cat(nearest)


def relative(of_samples: float, of_reals: float) -> float:
    """A number of the samples as a share of the reals'; 1 if the reals do not differ at all."""
    return of_samples / of_reals if of_reals > NOTHING else 1.0


def diversity(samples: UInt8[Tensor, "n c h w"], reals: UInt8[Tensor, "m c h w"]) -> float:
    """The spread of samples as a share of that of reals: 0 if all are equal, about 1 if they differ as much."""
    return relative(spread(samples), spread(reals))


def diversity_and_error(samples: UInt8[Tensor, "n c h w"], reals: UInt8[Tensor, "m c h w"]) -> tuple[float, float]:
    """Diversity with its standard error, a jackknife over the pictures of both sets; 0 for sets of fewer than 3."""
    (of_samples, error), (of_reals, other) = (_spread_and_error(images) for images in (samples, reals))
    value = relative(of_samples, of_reals)
    return value, math.hypot(error, value * other) / of_reals if of_reals > NOTHING else 0.0


def _spread_and_error(images: UInt8[Tensor, "n c h w"]) -> tuple[float, float]:
    n = len(images)
    if n < 3:
        return spread(images), 0.0
    sums = _sums_and_nearest(images)[0]
    left_out = (sums.sum() - 2 * sums) / ((n - 1) * (n - 2))
    variance = (n - 1) / n * (left_out - left_out.mean()).square().sum()
    return float(sums.sum()) / (n * (n - 1)), float(variance.sqrt())


def layouts(images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
    """The pictures at 8 pixels, in [-1, 1], each in a row."""
    side = min(SIDE, images.shape[-1])
    return torch.cat([F.adaptive_avg_pool2d(to_float(some), side).flatten(1) for some in torch.split(images, _AT_ONCE)])


def _distances(some: Float[Tensor, "m d"], small: Float[Tensor, "n d"]) -> Float[Tensor, "m n"]:
    # The differences themselves: by squared norms, equal pictures would lie a little apart.
    between: Tensor = torch.cdist(some, small, compute_mode="donot_use_mm_for_euclid_dist")
    return between / math.sqrt(small.shape[1])
