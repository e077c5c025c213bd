"""The Laplacian pyramid, which splits pictures by spatial frequency."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

SMALLEST = 14
"""The smallest level has at least this side: 28 pixels have two levels, 32 have two, 256 have five."""


def laplacian(images: Float[Tensor, "n c h w"], smallest: int = SMALLEST) -> tuple[Float[Tensor, "n c _ _"], ...]:
    """A Laplacian pyramid (Burt and Adelson 1983), fine to coarse; enlarged and summed, its levels give the pictures.

    Each level but the last holds the detail that is lost when its pictures are halved. Means of 2x2 pixels and linear
    enlargement stand in for the binomial filter of the paper, at a fraction of its cost.
    """
    levels = []
    while images.shape[-1] // 2 >= smallest:
        half = F.avg_pool2d(images, 2)
        levels.append(images - F.interpolate(half, size=images.shape[-2:], mode="bilinear"))
        images = half
    return (*levels, images)
