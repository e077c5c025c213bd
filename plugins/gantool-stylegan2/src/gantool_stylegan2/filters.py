"""The filter [1, 3, 3, 1] before and after the size changes (Karras et al. 2020, appendix B), by plain operations."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

TAPS = 4


def kernel() -> Float[Tensor, "4 4"]:
    """The filter in two dimensions. It sums to 1, so a constant stays what it is; bfloat16 holds it exactly."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    return taps[:, None] * taps


def blurred(
    x: Float[Tensor, "n c h w"], filter: Float[Tensor, "4 4"], padding: int, stride: int = 1, gain: float = 1.0
) -> Float[Tensor, "n c _ _"]:
    """Each channel filtered by itself; beyond the edge there is zero. With stride 2 it is halved as well."""
    blurring: Tensor = _Blur.apply(x, filter * gain, padding, stride)
    return blurring


def doubled(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """Twice the side. Zeros put between the pixels and [1, 3, 3, 1] over them make bilinear interpolation.

    Beyond the edge there is zero, as everywhere in these networks.
    """
    framed = F.pad(x, (1, 1, 1, 1))
    return F.interpolate(framed, scale_factor=2, mode="bilinear", align_corners=False)[..., 2:-2, 2:-2]


class _Blur(torch.autograd.Function):
    """The filter and its adjoint, each the other's gradient.

    Left to autograd, the second derivative that R1 and the path length take would be one convolution for each channel:
    some thousand a step.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, filter: Tensor, padding: int, stride: int) -> Tensor:
        ctx.save_for_backward(filter)
        ctx.padding, ctx.stride, ctx.size = padding, stride, x.shape[2:]
        return F.conv2d(x, _of_each(filter, x), stride=stride, padding=padding, groups=x.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (filter,) = ctx.saved_tensors
        return _Adjoint.apply(gradients[0], filter, ctx.padding, ctx.stride, ctx.size), None, None, None


class _Adjoint(torch.autograd.Function):
    """The transpose of the filter's matrix: from gradients of the output to those of an input of `size`."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, filter: Tensor, padding: int, stride: int, size: torch.Size) -> Tensor:
        ctx.save_for_backward(filter)
        ctx.padding, ctx.stride = padding, stride
        # A convolution again, since the filter is symmetric: zeros between the gradients undo the stride.
        rows, columns = (padding + side - 1 - (out - 1) * stride for side, out in zip(size, y.shape[2:], strict=True))
        spread = y if stride == 1 else _spread(y, stride)
        before = TAPS - 1 - padding
        spread = F.pad(spread, (before, columns, before, rows))
        return F.conv2d(spread, _of_each(filter, y), groups=y.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        (filter,) = ctx.saved_tensors
        return _Blur.apply(gradients[0], filter, ctx.padding, ctx.stride), None, None, None, None


def _spread(y: Tensor, stride: int) -> Tensor:
    n, channels, height, width = y.shape
    spread = y.new_zeros(n, channels, (height - 1) * stride + 1, (width - 1) * stride + 1)
    spread[..., ::stride, ::stride] = y
    return spread


def _of_each(filter: Tensor, x: Tensor) -> Tensor:
    return filter.to(x.dtype).expand(x.shape[1], 1, TAPS, TAPS)
