"""Sizes from coarse to fine, and pictures brought to them."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

SMALLEST = 64
"""Pixels, about, of the longer side at which the coarsest scale begins."""
LEAST = 16
"""No scale but the finest has a shorter side than this."""
MARGIN = 8
"""Pixels around the picture that are drawn too and then cut off."""


def scale_sizes(height: int, width: int, scales: int | None = None) -> list[tuple[int, int]]:
    """Heights and widths from coarse to fine, each half of the next; `scales` of them, or down to about `SMALLEST`."""
    count = scales or 1 + max(0, round(math.log2(max(height, width) / SMALLEST)))
    sizes = [(round(height / 2**level), round(width / 2**level)) for level in reversed(range(count))]
    return [size for size in sizes[:-1] if min(size) >= LEAST] + [(height, width)]


def resized(image: Float[Tensor, "n c _ _"], height: int, width: int) -> Float[Tensor, "n c height width"]:
    """Bicubic, with antialiasing where it shrinks."""
    if image.shape[-2:] == (height, width):
        return image
    result: Tensor = F.interpolate(image, (height, width), mode="bicubic", antialias=True, align_corners=False)
    return result


def grown(
    image: Float[Tensor, "1 c _ _"], content: Float[Tensor, "1 c _ _"], size: tuple[int, int]
) -> Float[Tensor, "1 c _ _"]:
    """What was drawn at a coarser size, with the fine detail of the content, which that size could not hold."""
    change = image - resized(content, *image.shape[-2:])
    return (resized(content, *size) + resized(change, *size)).clamp(-1, 1)


def shrunk(image: Float[Tensor, "n c _ _"], longest: float) -> Float[Tensor, "n c _ _"]:
    """With its longer side at `longest` pixels; never enlarged."""
    height, width = image.shape[-2:]
    share = min(1.0, longest / max(height, width))
    return resized(image, max(1, round(height * share)), max(1, round(width * share)))


def framed(image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """With `MARGIN` pixels around it that mirror it, where it is large enough.

    A pixel at the border counts many times in a network that repeats it, and shows it: so the border lies outside.
    """
    mode = "reflect" if min(image.shape[-2:]) > MARGIN else "replicate"
    return F.pad(image, (MARGIN,) * 4, mode=mode)


def bare(image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """Without its margin."""
    return image[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def noise_like(image: Float[Tensor, "n c h w"], seed: int) -> Float[Tensor, "n c h w"]:
    """Noise of the same mean and spread in each channel, the same for the same seed on every device."""
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed)).to(image)
    mean, std = image.mean(dim=(2, 3), keepdim=True), image.std(dim=(2, 3), keepdim=True, correction=0)
    return (mean + std * noise).clamp(-1, 1)
