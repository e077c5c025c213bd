"""Moving pictures along their sides: exact for whole pixels, bilinear between them."""

import torch
from jaxtyping import Float
from torch import Tensor


def shifted(
    level: Float[Tensor, "n c s s"], right: Float[Tensor, "n"], down: Float[Tensor, "n"], mirror: bool
) -> Float[Tensor, "n c s s"]:
    """Each picture moved by its own number of pixels; what comes in is its mirror image, or else 0, the middle grey.

    By two products with matrices that hold zeros and ones when the numbers are whole, so that values stay exact. They
    are linear in the picture: differentiable any number of times, and the same on every run of a GPU.
    """
    rows, columns = shift_matrix(down, level.shape[-2], mirror), shift_matrix(right, level.shape[-1], mirror)
    across = level.flatten(1, 2) @ columns.mT
    return rows[:, None] @ across.view_as(level)


def shift_matrix(by: Float[Tensor, "n"], side: int, mirror: bool) -> Float[Tensor, "n s s"]:
    """Row i holds how much of each source pixel arrives at pixel i; `by` at most a side where it is to mirror."""
    pixel = torch.arange(side, device=by.device, dtype=by.dtype)
    source = pixel - by[:, None]
    if mirror:  # about the outer edges of the first pixel and the last, at -0.5 and side - 0.5
        source = (source + 0.5).abs() - 0.5
        source = (side - 0.5) - (side - 0.5 - source).abs()
        source = source.clamp(0, side - 1)
    return (1 - (source[:, :, None] - pixel).abs()).clamp(min=0)
