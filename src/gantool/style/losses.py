"""The losses of style transfer: distance from the content, Gram matrices for the style, and total variation.

All are means, so that weights mean the same at every resolution; content and style are relative to the magnitude of
the target, so that they mean the same for every extractor.
"""

from jaxtyping import Float
from torch import Tensor

TINY = 1e-12


def content_loss(
    features: Float[Tensor, "n c h w"], target: Float[Tensor, "n c h w"], power: Float[Tensor, ""]
) -> Float[Tensor, ""]:
    """Mean squared difference, as a share of the target's mean square `power` (Gatys et al. 2016, eq. 1)."""
    return (features - target).square().mean() / power


def total_variation(images: Float[Tensor, "n c h w"]) -> Float[Tensor, ""]:
    """Mean squared difference of neighbours, horizontal plus vertical: 4 + 4 for a checkerboard of -1 and 1."""
    across = (images[..., :, 1:] - images[..., :, :-1]).square()
    down = (images[..., 1:, :] - images[..., :-1, :]).square()
    zero = images.sum() * 0  # a side of one pixel has no neighbours, but needs a gradient
    return zero + sum(part.mean() for part in (across, down) if part.numel())


def power_of(features: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """The mean square of features, kept above 0 where a layer is all zeros."""
    return features.square().mean().clamp_min(TINY)


def gram(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "c c"]:
    """Mean over places of the products of every two channels (Gatys et al. 2016, eq. 3)."""
    flat = features.transpose(0, 1).flatten(1)
    return flat @ flat.T / flat.shape[1]
