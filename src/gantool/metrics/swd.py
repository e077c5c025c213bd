"""Sliced Wasserstein distance between small patches of two sets of pictures: no network, no training, cheap.

It follows Karras et al. 2018 (section 5 and its appendix), with two differences. Both sets are normalised by their
common mean and deviation, where the paper normalises each by its own, so that a wrong colour counts as well. And the
pyramid is made of 2x2 means.
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from gantool.metrics.pyramid import laplacian
from gantool.pixels import to_float

PATCH = 7
PATCHES = 2048
"""Patches that are taken of each level, spread evenly over the pictures."""
PROJECTIONS = 64

Patches = Mapping[int, Float[Tensor, "c p d"]]
"""The patches of each level, by its side in pixels, fine to coarse."""


def patches_of(images: UInt8[Tensor, "n c h w"], count: int = PATCHES, seed: int = 0) -> Patches:
    """Random patches of every level of the pyramid; the same pictures and seed give the same patches."""
    chance = torch.Generator().manual_seed(seed)
    return {level.shape[-1]: _cut(level, count, chance) for level in laplacian(to_float(images))}


def distance(one: Patches, other: Patches, projections: int = PROJECTIONS, seed: int = 0) -> dict[int, float]:
    """The distance at each level, by its side in pixels: symmetric, 0 between equal sets, at most about 2.

    Both sets have the same number of patches of the same levels. The unit is the deviation of both sets together.
    `mean` averages it.
    """
    return {side: _sliced(one[side], other[side], projections, seed) for side in one}


def mean(levels: Mapping[int, float]) -> float:
    """The mean over all levels, each counting alike."""
    return sum(levels.values()) / len(levels)


def _cut(level: Float[Tensor, "n c h w"], count: int, chance: torch.Generator) -> Float[Tensor, "c p d"]:
    n, _, height, width = level.shape
    patch = min(PATCH, height, width)
    rows = torch.randint(height - patch + 1, (count,), generator=chance)
    columns = torch.randint(width - patch + 1, (count,), generator=chance)
    picture = torch.arange(count) % n
    corners = (picture * height + rows) * width + columns
    offsets = torch.arange(patch)[:, None] * width + torch.arange(patch)
    places = (corners[:, None] + offsets.flatten()).flatten()
    return level.transpose(0, 1).flatten(1).index_select(1, places).reshape(-1, count, patch**2)


def _sliced(one: Float[Tensor, "c p d"], other: Float[Tensor, "c p d"], projections: int, seed: int) -> float:
    chance = torch.Generator().manual_seed(seed)
    directions = torch.randn(len(one), projections, one.shape[-1], generator=chance)
    directions = directions / directions.square().sum(dim=(0, 2), keepdim=True).sqrt()
    directions = directions / _deviation(one, other)[:, None, None]  # the common mean cancels out
    # In one dimension optimal transport moves the n-th smallest value to the n-th smallest.
    return float(np.abs(_sorted(directions, one) - _sorted(directions, other)).mean())


def _deviation(one: Float[Tensor, "c p d"], other: Float[Tensor, "c p d"]) -> Float[Tensor, "c"]:
    """The standard deviation of each channel, over both sets together."""
    flat = [each.flatten(1) for each in (one, other)]
    mean = (flat[0].mean(dim=1) + flat[1].mean(dim=1)) / 2
    squares = torch.stack([torch.linalg.vector_norm(each, dim=1).square() for each in flat]).sum(dim=0)
    squares = squares / (2 * flat[0].shape[1])
    deviation: Tensor = (squares - mean.square()).clamp(min=1e-12).sqrt()
    return deviation


def _sorted(directions: Float[Tensor, "c k d"], patches: Float[Tensor, "c p d"]) -> Float[np.ndarray, "k p"]:
    values = (directions @ patches.transpose(1, 2)).sum(dim=0)
    return np.sort(values.numpy(), axis=-1)  # ten times as fast as torch's
