"""Style losses on statistics of features: Gram matrices, or mean and covariance.

A style loss has `measure(features, weights)`, which adds up over tiles, and `distance(measured, target)`, which is 0
where both agree and about 1 where nothing of the style is present. Several styles are blended as targets.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.style.losses import TINY, Weights

Measured = tuple[Tensor, ...]


@runtime_checkable
class StyleLoss(Protocol):
    """A distance between the features of a picture and of a style that ignores their places."""

    additive: bool
    """True if the measures of tiles add up to the measure of the whole."""

    def measure(self, features: Float[Tensor, "n c h w"], weights: Weights | None = None) -> Measured:
        """The statistics to compare; the last tensor is the number of places that they were taken from."""

    def blend(self, targets: Sequence[Measured], shares: Sequence[float]) -> Measured:
        """One target out of several, by shares that sum to 1."""

    def distance(self, measured: Measured, target: Measured) -> Float[Tensor, ""]:
        """The loss; 0 at the target."""

    def turn(self) -> None:
        """Draw the random parts of the loss anew, if it has any."""


class _Fixed:
    """A style loss in which nothing is random."""

    additive = True

    def turn(self) -> None:
        """Do nothing."""


class Gram(_Fixed):
    """|G - G_style|^2 / |G_style|^2 (Gatys et al. 2016, eq. 4, relative to the style)."""

    def measure(self, features: Float[Tensor, "n c h w"], weights: Weights | None = None) -> Measured:
        """The Gram matrix times the number of places, and that number."""
        flat, counted, places = _places(features, weights)
        return counted @ flat.T, places

    def blend(self, targets: Sequence[Measured], shares: Sequence[float]) -> Measured:
        """The weighted mean of the Gram matrices."""
        return _blended(targets, shares)

    def distance(self, measured: Measured, target: Measured) -> Float[Tensor, ""]:
        """Relative squared distance of the matrices."""
        one, other = measured[0] / measured[1], target[0] / target[1]
        return (one - other).square().sum() / other.square().sum().clamp_min(TINY)


class Covariance(_Fixed):
    """Squared Wasserstein-2 distance of Gaussians with the features' means and covariances, by the style's power.

    |m - m_s|^2 + tr(C + C_s - 2 (C_s^1/2 C C_s^1/2)^1/2) (Olkin and Pukelsheim 1982), in float64. A share `EPSILON` of
    the style's variance is added to both diagonals, so that the gradient exists where a covariance has no full rank.
    """

    def measure(self, features: Float[Tensor, "n c h w"], weights: Weights | None = None) -> Measured:
        """Second and first moments times the number of places, and that number."""
        flat, counted, places = _places(features, weights)
        return counted @ flat.T, counted.sum(dim=1), places

    def blend(self, targets: Sequence[Measured], shares: Sequence[float]) -> Measured:
        """The weighted means of means and covariances."""
        moments = [_moments(target) for target in targets]
        mean = torch.stack([share * mean for (mean, _), share in zip(moments, shares, strict=True)]).sum(dim=0)
        spread = torch.stack([share * spread for (_, spread), share in zip(moments, shares, strict=True)]).sum(dim=0)
        return spread + torch.outer(mean, mean), mean, mean.new_ones(())

    def distance(self, measured: Measured, target: Measured) -> Float[Tensor, ""]:
        """The loss; 0 if mean and covariance agree."""
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


def _places(features: Tensor, weights: Weights | None) -> tuple[Tensor, Tensor, Tensor]:
    """Features as channels by places; the same, each place weighted; and the number of places by weight."""
    flat = features.transpose(0, 1).flatten(1)
    if weights is None:
        return flat, flat, flat.new_tensor(float(flat.shape[1]))
    share = weights.expand(len(features), 1, *features.shape[-2:]).flatten().to(flat.dtype)
    return flat, flat * share, share.sum()


def _blended(targets: Sequence[Measured], shares: Sequence[float]) -> Measured:
    parts = [share * target[0] / target[1] for target, share in zip(targets, shares, strict=True)]
    return torch.stack(parts).sum(dim=0), parts[0].new_ones(())


def _moments(measured: Measured) -> tuple[Tensor, Tensor]:
    second, first, places = (part.double() for part in measured)
    mean = first / places
    return mean, second / places - torch.outer(mean, mean)


def _root(matrix: Tensor) -> Tensor:
    """The symmetric square root, without a gradient."""
    values, vectors = torch.linalg.eigh(matrix.detach())
    root: Tensor = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    return root
