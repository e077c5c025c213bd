"""The content's colours kept: only lightness is stylised, or the style is recoloured first (Gatys et al. 2016)."""

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.style.losses import TINY

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in lightness (ITU-R BT.601)."""

Pixels = Float[Tensor, "1 3 h w"]


def luma(image: Pixels) -> Float[Tensor, "1 1 h w"]:
    """The lightness of an image, in [-1, 1]."""
    return (image * image.new_tensor(LUMA).view(3, 1, 1)).sum(dim=1, keepdim=True)


def grey(image: Pixels) -> Pixels:
    """The image in grey: its lightness in all three channels."""
    return luma(image).expand_as(image).contiguous()


def with_chroma_of(colours: Pixels, lightness: Pixels) -> Pixels:
    """One picture's lightness with another's exact chroma; where no such colour exists, lightness is adjusted."""
    chroma = colours - luma(colours)
    lowest, highest = -1 - chroma.amin(dim=1, keepdim=True), 1 - chroma.amax(dim=1, keepdim=True)
    return chroma + luma(lightness).clamp(lowest, highest)


def matched(style: Float[Tensor, "1 c _ _"], content: Float[Tensor, "1 c _ _"]) -> Float[Tensor, "1 c _ _"]:
    """The style recoloured to the mean and covariance of the content's colours, by the map C_c^1/2 C_s^-1/2."""
    flat, wanted = (image[0].flatten(1).double() for image in (style, content))
    means = flat.mean(dim=1, keepdim=True), wanted.mean(dim=1, keepdim=True)
    spreads = [_covariance(one - mean) for one, mean in zip((flat, wanted), means, strict=True)]
    moved = _power(spreads[1], 0.5) @ _power(spreads[0], -0.5) @ (flat - means[0]) + means[1]
    return moved.view_as(style[0])[None].to(style.dtype).clamp(-1, 1)


def _covariance(centred: Tensor) -> Tensor:
    return centred @ centred.T / centred.shape[1]


def _power(matrix: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    result: Tensor = (vectors * values.clamp_min(max(1e-6 * values.max().item(), TINY)) ** exponent) @ vectors.T
    return result
