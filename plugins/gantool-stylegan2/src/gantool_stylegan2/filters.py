"""The filter [1, 3, 3, 1] before and after the size changes (Karras et al. 2020, appendix B), by plain operations."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def kernel() -> Float[Tensor, "4 4"]:
    """The filter in two dimensions. It sums to 1, so a constant stays what it is; bfloat16 holds it exactly."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    return taps[:, None] * taps


def blurred(
    x: Float[Tensor, "n c h w"], filter: Float[Tensor, "4 4"], padding: int, stride: int = 1, gain: float = 1.0
) -> Float[Tensor, "n c _ _"]:
    """Each channel filtered by itself; beyond the edge there is zero. With stride 2 it is halved as well."""
    channels = x.shape[1]
    weight = (filter * gain).to(x.dtype).expand(channels, 1, 4, 4)
    return F.conv2d(x, weight, stride=stride, padding=padding, groups=channels)


def doubled(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """Twice the side. Zeros put between the pixels and [1, 3, 3, 1] over them make bilinear interpolation.

    At the edges pixels are repeated, so that a constant stays one there too.
    """
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
