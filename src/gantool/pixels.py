"""uint8 pixels and the networks' [-1, 1], each other's inverse."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def to_float(images: UInt8[Tensor, "*batch c h w"]) -> Float[Tensor, "*batch c h w"]:
    """0 becomes -1 and 255 becomes 1, in float32."""
    return images.to(torch.float32) / 127.5 - 1


def to_uint8(images: Float[Tensor, "*batch c h w"]) -> UInt8[Tensor, "*batch c h w"]:
    """The nearest of 256 levels; what lies outside [-1, 1] is clamped, never rescaled (samples keep true colours)."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
