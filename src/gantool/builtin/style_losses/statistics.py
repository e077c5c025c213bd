"""Style as statistics of features: Gram matrices, or mean and covariance."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.features import PlaceWeights, Statistics, StyleLoss
from gantool.api.specs import Options

TINY = 1e-12


class Gram(StyleLoss):
    """|G - G_style|^2 / |G_style|^2 (Gatys et al. 2016, eq. 4, relative to the style)."""

    def __init__(self, options: Options | None = None) -> None:
        """Without options."""

    def measure(self, features: Float[Tensor, "n c h w"], weights: PlaceWeights | None = None) -> Statistics:
        """The Gram matrix times the places, and the places."""
        flat, counted, places = _places(features, weights)
        return counted @ flat.T, places

    def distance(self, measured: Statistics, target: Statistics) -> Float[Tensor, ""]:
        """Relative squared distance of the matrices."""
        one, other = measured[0] / measured[1], target[0] / target[1]
        return (one - other).square().sum() / other.square().sum().clamp_min(TINY)


class Covariance(StyleLoss):
    """Squared Wasserstein-2 distance of normal distributions of the same mean and covariance, by the style's power.

    |m - m_s|^2 + tr(C + C_s - 2 (C_s^1/2 C C_s^1/2)^1/2) (Olkin and Pukelsheim 1982), in float64. A share `EPSILON` of
    the style's variance is added to both diagonals, so that the gradient exists where a covariance has no full rank.
    """

    strength = 6.0

    def __init__(self, options: Options | None = None) -> None:
        """Without options."""

    def measure(self, features: Float[Tensor, "n c h w"], weights: PlaceWeights | None = None) -> Statistics:
        """Second moments and first moments times the places, and the places."""
        flat, counted, places = _places(features, weights)
        return counted @ flat.T, counted.sum(dim=1), places

    def blend(self, targets: Sequence[Statistics], shares: Sequence[float]) -> Statistics:
        """The weighted means of means and covariances."""
        moments = [_moments(target) for target in targets]
        mean = torch.stack([share * mean for (mean, _), share in zip(moments, shares, strict=True)]).sum(dim=0)
        spread = torch.stack([share * spread for (_, spread), share in zip(moments, shares, strict=True)]).sum(dim=0)
        return spread + torch.outer(mean, mean), mean, mean.new_ones(())

    def distance(self, measured: Statistics, target: Statistics) -> Float[Tensor, ""]:
        """0 where mean and covariance agree."""
        mean, spread = _moments(measured)
        wanted_mean, wanted = _moments(target)
        power = wanted.trace() + wanted_mean.square().sum() + TINY
        ridge = EPSILON * wanted.trace() / len(wanted) + TINY
        eye = torch.eye(len(wanted), dtype=wanted.dtype, device=wanted.device)
        spread, wanted = spread + ridge * eye, wanted + ridge * eye
        root = _root(wanted)
        middle = root @ spread @ root
        values = torch.linalg.eigvalsh((middle + middle.T) / 2).clamp_min(ridge.square() * 1e-6)
        apart = spread.trace() + wanted.trace() - 2 * values.sqrt().sum()
        result: Tensor = ((mean - wanted_mean).square().sum() + apart) / power
        return result.to(measured[0].dtype)


EPSILON = 1e-3


def _places(features: Tensor, weights: PlaceWeights | None) -> tuple[Tensor, Tensor, Tensor]:
    """Channels by places; the same, each place counted by its weight; and how many places that is."""
    flat = features.transpose(0, 1).flatten(1)
    if weights is None:
        return flat, flat, flat.new_tensor(float(flat.shape[1]))
    share = weights.expand(len(features), 1, *features.shape[-2:]).flatten().to(flat.dtype)
    return flat, flat * share, share.sum()


def _moments(measured: Statistics) -> tuple[Tensor, Tensor]:
    second, first, places = (part.double() for part in measured)
    mean = first / places
    return mean, second / places - torch.outer(mean, mean)


def _root(matrix: Tensor) -> Tensor:
    """The symmetric square root, without a gradient."""
    values, vectors = torch.linalg.eigh(matrix.detach())
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return root
