"""Conversion between uint8 pixels and the networks' range [-1, 1], both ways, and pictures with transparency.

Four channels are red, green and blue multiplied by alpha, and alpha (Porter and Duff 1984). So transparent pixels have
no colour to learn or to compare, and means of pixels, as in resizing, leave no fringe.
"""

import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor

ALPHA_CHANNELS = 4


def to_float(images: UInt8[Tensor, "*batch c h w"]) -> Float[Tensor, "*batch c h w"]:
    """Pixels as float32 in [-1, 1]: 0 becomes -1, and 255 becomes 1."""
    return images.to(torch.float32) / 127.5 - 1


def to_uint8(images: Float[Tensor, "*batch c h w"]) -> UInt8[Tensor, "*batch c h w"]:
    """Pixels rounded to uint8; values outside [-1, 1] are clamped, never rescaled, so samples keep true colours.

    With alpha, colours are clamped to it, since none is brighter.
    """
    pixels = ((images.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return pixels.minimum(pixels[..., 3:, :, :]) if has_alpha(pixels) else pixels


def has_alpha(images: Shaped[Tensor, "*batch c h w"]) -> bool:
    """True for pictures with transparency."""
    return images.shape[-3] == ALPHA_CHANNELS


def composited(
    images: Float[Tensor, "*batch c h w"], background: float | Float[Tensor, "3 h w"] = 1.0
) -> Float[Tensor, "*batch _ h w"]:
    """Pictures on a background (default: white), all in [-1, 1]; those without alpha stay as they are."""
    if not has_alpha(images):
        return images
    transparency = (1 - images[..., 3:, :, :]) / 2
    return images[..., :3, :, :] + transparency * (background + 1)


def multiplied(color: UInt8[Tensor, "3 h w"], alpha: UInt8[Tensor, "1 h w"]) -> UInt8[Tensor, "3 h w"]:
    """The colours of a file, multiplied by alpha."""
    return (color.float() * alpha / 255).round().to(torch.uint8)


def straight(image: UInt8[Tensor, "4 h w"]) -> UInt8[Tensor, "4 h w"]:
    """A picture as files have it, its colours not multiplied by alpha; the other way gives the same pixels again."""
    color, alpha = image[:3].float(), image[3:].float()
    return torch.cat([(color * 255 / alpha.clamp(min=1)).round().clamp(max=255).to(torch.uint8), image[3:]])
