"""Geometric transformations, one per sample: exact flips and quarter turns, and affine maps (ADA, appendix B)."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Level = Float[Tensor, "n c s s"]
PerSample = Float[Tensor, "n"]


def flipped(level: Level, flip: PerSample) -> Level:
    """The mirror image from left to right where flip is 1, the picture where it is 0."""
    return chosen(flip > 0, level.flip(-1), level)


def turned(level: Level, quarters: PerSample) -> Level:
    """Each picture rotated by 0 to 3 quarter turns to the left."""
    level = chosen(quarters.remainder(2) > 0, level.rot90(1, (2, 3)), level)
    return chosen(quarters >= 2, level.flip((2, 3)), level)


def inverse_affine(
    zoom: PerSample, first: PerSample, stretch: PerSample, second: PerSample, slide: Float[Tensor, "2 n"]
) -> Float[Tensor, "n 2 3"]:
    """The inverse of five steps: scale by `zoom`, rotate by `first`, stretch, rotate by `second`, translate.

    A stretch widens as much as it flattens. Angles are in radians, slides (right, down) in sides of the picture; the
    result maps places in [-1, 1].
    """
    scale = torch.stack([1 / (zoom * stretch), stretch / zoom], dim=1)  # of x and of y, between the two turns
    # Uniform scaling commutes with rotation, so that it may be done together with the stretch.
    linear = _rotation(-first) @ (scale[:, :, None] * _rotation(-second))
    shift = -linear @ (2 * slide.mT[:, :, None])
    return torch.cat([linear, shift], dim=2)


def chosen(samples: Bool[Tensor, "n"], level: Level, otherwise: Level) -> Level:
    """One picture or the other for each sample, unchanged in every bit."""
    return torch.where(samples.view(-1, 1, 1, 1), level, otherwise)


def _rotation(angle: PerSample) -> Float[Tensor, "n 2 2"]:
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cos, -sin], dim=1), torch.stack([sin, cos], dim=1)], dim=1)
