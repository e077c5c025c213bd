"""Fréchet distance of two sets of features taken as Gaussians (Heusel et al. 2017): FID, where Inception made them."""

import torch
from jaxtyping import Float
from torch import Tensor


def frechet(reals: Float[Tensor, "n d"], fakes: Float[Tensor, "m d"]) -> float:
    """|mean - mean'|^2 + tr(C + C' - 2 (C C')^(1/2)), in float64; it is biased upwards by small sets.

    The trace of the root is the sum of the roots of the eigenvalues of A^(1/2) B A^(1/2), which is symmetric. Raises
    ValueError for a set of fewer than 2.
    """
    if min(len(reals), len(fakes)) < 2:
        raise ValueError("A Fréchet distance needs at least 2 pictures of each kind.")
    means = [each.double().mean(dim=0) for each in (reals, fakes)]
    covariances = [torch.cov(each.double().T).reshape(len(means[0]), -1) for each in (reals, fakes)]
    values, vectors = torch.linalg.eigh(covariances[0])
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ covariances[1] @ root).clamp(min=0).sqrt().sum()
    trace = covariances[0].trace() + covariances[1].trace() - 2 * cross
    return float((means[0] - means[1]).square().sum() + trace)
