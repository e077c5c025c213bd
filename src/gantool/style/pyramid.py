"""The resolutions from coarse to fine, and pictures resized to them."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

SMALLEST = 64
"""The longer side of the coarsest scale, in pixels, approximately."""
LEAST = 16
"""The least side of any scale but the finest, in pixels."""
MARGIN = 8
"""The margin around the picture, in pixels, that is drawn and then cut off."""


def scale_sizes(height: int, width: int, scales: int | None = None) -> list[tuple[int, int]]:
    """Heights and widths from coarse to fine, each half of the next; `scales` of them, or down to about `SMALLEST`."""
    count = scales or 1 + max(0, round(math.log2(max(height, width) / SMALLEST)))
    sizes = [(round(height / 2**level), round(width / 2**level)) for level in reversed(range(count))]
    return [size for size in sizes[:-1] if min(size) >= LEAST] + [(height, width)]


def resized(image: Float[Tensor, "n c _ _"], height: int, width: int) -> Float[Tensor, "n c height width"]:
    """The image resized by bicubic interpolation, with antialiasing where it shrinks."""
    if image.shape[-2:] == (height, width):
        return image
    result: Tensor = F.interpolate(image, (height, width), mode="bicubic", antialias=True, align_corners=False)
    return result


def grown(
    image: Float[Tensor, "1 c _ _"], content: Float[Tensor, "1 c _ _"], size: tuple[int, int]
) -> Float[Tensor, "1 c _ _"]:
    """The image enlarged to `size`, with the fine detail of the content that the coarser size could not hold."""
    change = image - resized(content, *image.shape[-2:])
    return (resized(content, *size) + resized(change, *size)).clamp(-1, 1)


def shrunk(image: Float[Tensor, "n c _ _"], longest: float) -> Float[Tensor, "n c _ _"]:
    """The image reduced to `longest` pixels on its longer side; never enlarged."""
    height, width = image.shape[-2:]
    share = min(1.0, longest / max(height, width))
    return resized(image, max(1, round(height * share)), max(1, round(width * share)))


def framed(image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """The image with a mirrored margin of `MARGIN` pixels around it, where it is large enough.

    A network that replicates its border counts border pixels many times, which shows; so the border is cut off later.
    """
    mode = "reflect" if min(image.shape[-2:]) > MARGIN else "replicate"
    return F.pad(image, (MARGIN,) * 4, mode=mode)


def framed_pixels(height: int, width: int) -> int:
    """The pixels of an image of this size with its margin."""
    return (height + 2 * MARGIN) * (width + 2 * MARGIN)


def bare(image: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """The image without its margin."""
    return image[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def noise_like(image: Float[Tensor, "n c h w"], seed: int) -> Float[Tensor, "n c h w"]:
    """Noise with the image's mean and deviation in each channel; the same seed gives the same noise on every device."""
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed)).to(image)
    mean, std = image.mean(dim=(2, 3), keepdim=True), image.std(dim=(2, 3), keepdim=True, correction=0)
    return (mean + std * noise).clamp(-1, 1)
