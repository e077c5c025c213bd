"""Fréchet distance of two sets of features taken as Gaussians (Heusel et al. 2017): FID, where Inception made them."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def frechet(reals: Float[Tensor, "n d"], fakes: Float[Tensor, "m d"]) -> float:
    """|mean - mean'|^2 + tr(C + C' - 2 (C C')^(1/2)), in float64; it is biased upwards by small sets.

    The trace of the root is the sum of the singular values of X Y', where X'X and Y'Y are the covariances: no matrix
    is squared on the way. Raises ValueError for a set of fewer than 2.
    """
    if min(len(reals), len(fakes)) < 2:
        raise ValueError("A Fréchet distance needs at least 2 pictures of each kind.")
    one, other = reals.double(), fakes.double()
    means = (one.mean(dim=0) - other.mean(dim=0)).square().sum()
    factors = _factor(one), _factor(other)
    cross = torch.linalg.svdvals(factors[0] @ factors[1].T).sum()
    return float(means + factors[0].square().sum() + factors[1].square().sum() - 2 * cross)


def _factor(features: Float[Tensor, "n d"]) -> Float[Tensor, "_ d"]:
    """A matrix whose product with its own transpose is the covariance, with no more rows than columns."""
    centred: Tensor = (features - features.mean(dim=0)) / math.sqrt(len(features) - 1)
    if len(centred) <= centred.shape[1]:
        return centred
    triangle: Tensor = torch.linalg.qr(centred, mode="r").R
    return triangle
