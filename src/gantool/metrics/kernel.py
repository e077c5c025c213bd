"""Kernel inception distance (Binkowski et al. 2018), of features of whatever network, with its standard error."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.metrics.once import once

_ROWS = 1024


class Kid(NamedTuple):
    """Squared maximum mean discrepancy, about 0 or negative where two sets are alike, and its error."""

    value: float
    error: float


def kid(reals: Float[Tensor, "n d"], fakes: Float[Tensor, "m d"]) -> Kid:
    """The unbiased estimate by all pairs, with the kernel (x.y / d + 1)^3; the error is a jackknife over pictures.

    Computed in float64. The sets may differ in size; raises ValueError for one of fewer than 4.
    """
    n, m = len(reals), len(fakes)
    if min(n, m) < 4:
        raise ValueError(f"KID needs at least 4 pictures of each kind; there are {n} and {m}.")
    within = _within(reals), _within(fakes)
    between = _kernel_sums(reals.double(), fakes.double())
    whole = _unbiased(within[0].sum(), n) + _unbiased(within[1].sum(), m) - 2 * between[0].sum() / (n * m)
    variance = torch.zeros((), dtype=torch.float64)
    for own, across, size, other in ((within[0], between[0], n, m), (within[1], between[1], m, n)):
        # Without one picture; what its set has no part in is the same each time.
        left_out = _unbiased(own.sum() - 2 * own, size - 1) - 2 * (across.sum() - across) / ((size - 1) * other)
        variance += (size - 1) / size * (left_out - left_out.mean()).square().sum()
    return Kid(float(whole), float(variance.sqrt()))


def _unbiased(sums: Tensor, n: int) -> Tensor:
    return sums / (n * (n - 1))


@once
def _within(features: Float[Tensor, "n d"]) -> Float[Tensor, "n"]:
    """The kernel summed over all other pictures of the set, for each."""
    features = features.double()
    itself = (features.square().sum(dim=1) / features.shape[1] + 1) ** 3
    return _kernel_sums(features, features)[0] - itself


def _kernel_sums(
    one: Float[Tensor, "n d"], other: Float[Tensor, "m d"]
) -> tuple[Float[Tensor, "n"], Float[Tensor, "m"]]:
    """The kernel summed over all of the other set, for each picture of either."""
    of_one, of_other = [], torch.zeros(len(other), dtype=torch.float64)
    for rows in torch.split(one, _ROWS):
        values = (rows @ other.T / one.shape[1] + 1) ** 3
        of_one.append(values.sum(dim=1))
        of_other += values.sum(dim=0)
    return torch.cat(of_one), of_other
