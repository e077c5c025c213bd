"""Nearest neighbours among features: fidelity, variety, and copies of training pictures.

Precision and recall are those of Kynkaanniemi et al. 2019, density and coverage those of Naeem et al. 2020.
"""

from math import hypot
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from gantool.metrics.judgement import error_of_mean
from gantool.metrics.once import once

K = 5
"""The neighbour whose distance is the radius of a picture's ball (Naeem et al. 2020)."""
QUANTILE = 0.01
_ROWS = 1024


class Manifolds(NamedTuple):
    """The four shares by which two sets of pictures overlap."""

    precision: float
    """Share of samples within the ball of some real: samples that look real."""
    recall: float
    """Share of reals within the ball of some sample: variety, misled by outlying samples."""
    density: float
    """Mean number of reals' balls around a sample, over k: 1 where both sets are alike; it may exceed 1."""
    coverage: float
    """Share of reals in whose ball a sample lies: variety."""


class Nearest(NamedTuple):
    """The real that is nearest to each sample."""

    distances: Float[Tensor, "m"]
    indices: Int64[Tensor, "m"]


def manifolds(reals: Float[Tensor, "n d"], fakes: Float[Tensor, "m d"], k: int = K) -> Manifolds:
    """Precision, recall, density and coverage by balls that reach to the k-th neighbour in the own set, in float64.

    `k` is lowered to what a set has. Raises ValueError for a set of fewer than 2.
    """
    return manifolds_and_errors(reals, fakes, k)[0]


def manifolds_and_errors(
    reals: Float[Tensor, "n d"], fakes: Float[Tensor, "m d"], k: int = K
) -> tuple[Manifolds, Manifolds]:
    """The shares and their standard errors, which are those of means over pictures with the balls as they are.

    Recall hangs on single samples with large balls, so its error has a jackknife over samples as well.
    """
    if min(len(reals), len(fakes)) < 2:
        raise ValueError("Precision and recall need at least 2 pictures of each kind.")
    return _overlap(fakes, reals, min(k, len(reals) - 1, len(fakes) - 1))


@once
def _overlap(fakes: Float[Tensor, "m d"], reals: Float[Tensor, "n d"], k: int) -> tuple[Manifolds, Manifolds]:
    of_real, of_fake = _radii(reals, k), _radii(fakes, k)
    reals, fakes = reals.double(), fakes.double()
    hits = torch.zeros(len(fakes), dtype=torch.float64)
    covered: list[Bool[Tensor, "_"]] = []
    recalled: list[Bool[Tensor, "_"]] = []
    alone = torch.zeros(len(fakes), dtype=torch.float64)  # reals that no other sample has in its ball
    for start in range(0, len(reals), _ROWS):
        between = _squares(reals[start : start + _ROWS], fakes)
        inside = between <= of_real[start : start + _ROWS, None]
        hits += inside.sum(dim=0)
        covered.append(inside.any(dim=1))
        reached = between <= of_fake
        recalled.append(reached.any(dim=1))
        alone += reached[reached.sum(dim=1) == 1].sum(dim=0)
    each = hits > 0, torch.cat(recalled), hits / k, torch.cat(covered)
    errors = Manifolds(*map(error_of_mean, each))
    by_samples = float((alone - alone.mean()).norm()) / len(reals)
    errors = errors._replace(recall=hypot(errors.recall, by_samples))
    return Manifolds(*(float(one.double().mean()) for one in each)), errors


def nearest(
    reals: Float[Tensor, "n d"], fakes: Float[Tensor, "m d"], mirrored: Float[Tensor, "n d"] | None = None
) -> Nearest:
    """The nearest real of each sample, or its mirror image, given the features of mirrored reals; in float64."""
    return _nearest(fakes, reals, mirrored)


@once
def _nearest(
    fakes: Float[Tensor, "m d"], reals: Float[Tensor, "n d"], mirrored: Float[Tensor, "n d"] | None
) -> Nearest:
    others = [each.double() for each in (reals, mirrored) if each is not None]
    found = [
        torch.stack([_squares(rows, other) for other in others]).amin(dim=0).min(dim=1)
        for rows in torch.split(fakes.double(), _ROWS)
    ]
    return Nearest(torch.cat([each.values for each in found]).sqrt(), torch.cat([each.indices for each in found]))


def copy_threshold(
    reals: Float[Tensor, "n d"], mirrored: Float[Tensor, "n d"] | None = None, quantile: float = QUANTILE
) -> float:
    """The distance within which a sample is called a copy: a quantile of those of reals to their nearest other.

    Mirror images count as others, too. Pictures that occur more than once are left out, or a few of them would make it
    0; it is 0 where all do. Raises ValueError for fewer than 2 reals.
    """
    if len(reals) < 2:
        raise ValueError("Distances between reals need at least 2 of them.")
    apart = _to_nearest_other(reals, mirrored)
    apart = apart[apart > 0]
    return float(apart.sqrt().quantile(quantile)) if len(apart) else 0.0


@once
def _to_nearest_other(reals: Float[Tensor, "n d"], mirrored: Float[Tensor, "n d"] | None) -> Float[Tensor, "n"]:
    """The squared distance of each real to the nearest other one, or to its mirror image."""
    others = [each.double() for each in (reals, mirrored) if each is not None]
    own = []
    for start in range(0, len(reals), _ROWS):
        rows = others[0][start : start + _ROWS]
        itself = torch.arange(len(rows)), torch.arange(start, start + len(rows))
        between = [_squares(rows, other).index_put_(itself, rows.new_tensor(torch.inf)) for other in others]
        own.append(torch.stack(between).amin(dim=(0, 2)))
    return torch.cat(own)


@once
def _radii(features: Float[Tensor, "n d"], k: int) -> Float[Tensor, "n"]:
    """The squared distance of each to its k-th neighbour in the same set."""
    found = []
    features = features.double()
    for rows in torch.split(features, _ROWS):
        found.append(_squares(rows, features).kthvalue(k + 1, dim=1).values)  # the first is the picture itself
    return torch.cat(found)


def _squares(one: Float[Tensor, "n d"], other: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """Squared distances; those that rounding makes of equal pictures are 0."""
    norms = one.square().sum(dim=1)[:, None] + other.square().sum(dim=1)
    squares = torch.addmm(norms, one, other.T, alpha=-2)
    return torch.where(squares < 1e-12 * norms, 0.0, squares)
