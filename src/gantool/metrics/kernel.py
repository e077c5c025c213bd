"""Kernel inception distance (Binkowski et al. 2018), of features of whatever network, with its standard error."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

BLOCKS = 20
"""The parts that are left out by turns for the standard error."""
_ROWS = 1024


class Kid(NamedTuple):
    """Squared maximum mean discrepancy, about 0 or negative where two sets are alike, and its error."""

    value: float
    error: float


def kid(reals: Float[Tensor, "n d"], fakes: Float[Tensor, "m d"]) -> Kid:
    """The unbiased estimate by all pairs, with the kernel (x.y / d + 1)^3; the error is a jackknife over 20 blocks.

    Computed in float64. The sets may differ in size; raises ValueError for one of fewer than 4.
    """
    sizes = len(reals), len(fakes)
    if min(sizes) < 4:
        raise ValueError(f"KID needs at least 4 pictures of each kind; there are {sizes[0]} and {sizes[1]}.")
    blocks = min(BLOCKS, min(sizes) // 2)
    of_real, of_fake = (torch.arange(size) * blocks // size for size in sizes)
    reals, fakes = reals.double(), fakes.double()
    within_r, within_f = (
        _block_sums(reals, reals, of_real, of_real, blocks),
        _block_sums(fakes, fakes, of_fake, of_fake, blocks),
    )
    between = _block_sums(reals, fakes, of_real, of_fake, blocks)
    n, m = (torch.bincount(block, minlength=blocks).double() for block in (of_real, of_fake))
    left_out = torch.stack([_estimate(within_r, within_f, between, n, m, keep) for keep in _all_but_one(blocks)])
    whole = _estimate(within_r, within_f, between, n, m, torch.ones(blocks, dtype=torch.float64))
    error = ((blocks - 1) / blocks * (left_out - left_out.mean()).square().sum()).sqrt()
    return Kid(float(whole), float(error))


def _block_sums(
    one: Float[Tensor, "n d"], other: Float[Tensor, "m d"], rows: Tensor, columns: Tensor, blocks: int
) -> Float[Tensor, "b b"]:
    """The kernel summed over pairs of blocks, without pairs of a picture with itself."""
    same = one is other
    sums = torch.zeros(blocks, blocks, dtype=torch.float64)
    of_column = torch.nn.functional.one_hot(columns, blocks).double()
    for start in range(0, len(one), _ROWS):
        part = one[start : start + _ROWS]
        values = (part @ other.T / one.shape[1] + 1) ** 3
        if same:
            values[torch.arange(len(part)), torch.arange(start, start + len(part))] = 0
        sums.index_add_(0, rows[start : start + _ROWS], values @ of_column)
    return sums


def _estimate(
    within_r: Tensor, within_f: Tensor, between: Tensor, reals: Tensor, fakes: Tensor, keep: Tensor
) -> Float[Tensor, ""]:
    n, m = (reals * keep).sum(), (fakes * keep).sum()
    pairs = keep @ within_r @ keep / (n * (n - 1)) + keep @ within_f @ keep / (m * (m - 1))
    estimate: Tensor = pairs - 2 * (keep @ between @ keep) / (n * m)
    return estimate


def _all_but_one(blocks: int) -> Tensor:
    return 1 - torch.eye(blocks, dtype=torch.float64)
