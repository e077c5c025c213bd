"""Translation of pictures: exact for whole pixels, bilinear between them."""

import torch
from jaxtyping import Float
from torch import Tensor


def shifted(
    level: Float[Tensor, "n c s s"], right: Float[Tensor, "n"], down: Float[Tensor, "n"], mirror: bool
) -> Float[Tensor, "n c s s"]:
    """Each picture translated by its own number of pixels; the border is mirrored, or else 0, the middle grey.

    It is two products with matrices that hold zeros and ones when the numbers are whole, so that values stay exact.
    They are linear in the picture: differentiable any number of times, and deterministic on a GPU.
    """
    rows, columns = shift_matrix(down, level.shape[-2], mirror), shift_matrix(right, level.shape[-1], mirror)
    across = level.flatten(1, 2) @ columns.mT
    return rows[:, None] @ across.view_as(level)


def shift_matrix(by: Float[Tensor, "n"], side: int, mirror: bool) -> Float[Tensor, "n s s"]:
    """The matrix whose row i holds the share of each source pixel in pixel i; `by` is at most a side with `mirror`."""
    pixel = torch.arange(side, device=by.device, dtype=by.dtype)
    source = pixel - by[:, None]
    if mirror:  # mirrored about the outer edges of the first and last pixels, at -0.5 and side - 0.5
        source = (source + 0.5).abs() - 0.5
        source = (side - 0.5) - (side - 0.5 - source).abs()
        source = source.clamp(0, side - 1)
    return (1 - (source[:, :, None] - pixel).abs()).clamp(min=0)
