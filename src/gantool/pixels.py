"""Conversion between uint8 pixels and the networks' range [-1, 1], both ways."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def to_float(images: UInt8[Tensor, "*batch c h w"]) -> Float[Tensor, "*batch c h w"]:
    """Pixels as float32 in [-1, 1]: 0 becomes -1, and 255 becomes 1."""
    return images.to(torch.float32) / 127.5 - 1


def to_uint8(images: Float[Tensor, "*batch c h w"]) -> UInt8[Tensor, "*batch c h w"]:
    """Pixels rounded to uint8; values outside [-1, 1] are clamped, never rescaled, so samples keep true colours."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
