"""Affine resampling without aliasing: at twice the resolution, between two low-pass filters."""

from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

SYM6 = (
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
    0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
    0.0017677118642428036, -0.007800708325034148,
)  # fmt: skip
"""The low-pass filter of the symlet with 12 taps (Daubechies 1992), as in ADA (appendix B)."""

TAPS = len(SYM6)
REACH = TAPS // 2 - 1
"""The points beyond each edge of the doubled picture that the downsampling filter needs."""
DELAY = (TAPS - 1) / 2 - sum(tap * place for place, tap in enumerate(SYM6)) / sum(SYM6)
"""The delay of the filter, which is not quite symmetric, in points of the doubled picture."""

Level = Float[Tensor, "n c s s"]


def warped(level: Level, inverse: Float[Tensor, "n 2 3"], mirror: bool = True) -> Level:
    """Each picture under its own affine map, given by its inverse, from places of the result to places of the picture.

    Places are (x, y) in [-1, 1], from edge to edge; beyond the edges the picture is mirrored, or else 0. As in ADA
    (Karras et al. 2020, appendix B), it is upsampled and low-passed, interpolated, low-passed and downsampled. The
    filter is orthogonal, so that the identity gives the picture itself, except for the outermost three pixels, since
    the filter is not quite symmetric and so does not quite commute with mirroring. The result is linear in the picture,
    and differentiable any number of times.
    """
    side = level.shape[-1]
    up, down = _filters(side, level.dtype, level.device, mirror)
    points = 2 * side + 2 * REACH
    linear, shift = inverse[:, :, :2], inverse[:, :, 2]
    offset = DELAY / side  # size of both pictures in points, as a place
    shift = shift + offset * (linear.sum(dim=-1) - 1)
    inverse = torch.cat([linear * (points / (2 * side)), shift[:, :, None]], dim=2)
    grid = F.affine_grid(inverse, [*level.shape[:2], points, points], align_corners=False)
    doubled = up @ level @ up.mT
    return down @ _sample(doubled, grid, "reflection" if mirror else "zeros") @ down.mT


@cache  # without a limit: a recorded step goes on reading those that it found
def _filters(side: int, dtype: torch.dtype, device: torch.device, mirror: bool) -> tuple[Tensor, Tensor]:
    """The filters to twice the side, [2 side, side], and from that with its margin back, [side, 2 side + 2 reach]."""
    taps = torch.tensor(SYM6, dtype=torch.float64)
    up, down = torch.zeros(2 * side, side, dtype=torch.float64), torch.zeros(side, 2 * side + 2 * REACH).double()
    for pixel in range(side):
        down[pixel, 2 * pixel : 2 * pixel + TAPS] = taps / 2**0.5
    for pixel in range(-TAPS, side + TAPS) if mirror else range(side):
        mirrored = pixel % (2 * side)
        mirrored = min(mirrored, 2 * side - 1 - mirrored)
        for tap in range(TAPS):
            if 0 <= (point := 2 * pixel + tap - REACH) < 2 * side:
                up[point, mirrored] += taps[tap] * 2**0.5
    return up.to(device, dtype), down.to(device, dtype)


def _sample(image: Float[Tensor, "n c h w"], grid: Float[Tensor, "n a b 2"], padding: str) -> Float[Tensor, "n c a b"]:
    sampled: Tensor = _Sample.apply(image, grid, padding)
    return sampled


class _Sample(torch.autograd.Function):
    """`grid_sample` as a function of the image alone, since older versions of torch cannot differentiate it twice.

    It is a linear map: its derivative is its transpose `_Spread`, whose derivative is this one again.
    """

    @staticmethod
    def forward(ctx: Any, image: Tensor, grid: Tensor, padding: str) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.sides, ctx.padding = image.shape[-2:], padding
        return F.grid_sample(image, grid, padding_mode=padding, align_corners=False)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (grid,) = ctx.saved_tensors
        return _Spread.apply(gradients[0], grid, ctx.sides, ctx.padding), None, None


class _Spread(torch.autograd.Function):
    """The transpose of `_Sample`: each value is added to the four pixels that it was interpolated from."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, grid: Tensor, sides: tuple[int, int], padding: str) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.padding = padding
        with torch.enable_grad():
            image = values.new_zeros(*values.shape[:2], *sides, requires_grad=True)
            sampled = F.grid_sample(image, grid, padding_mode=padding, align_corners=False)
        return torch.autograd.grad(sampled, image, values)[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (grid,) = ctx.saved_tensors
        return _Sample.apply(gradients[0], grid, ctx.padding), None, None, None
