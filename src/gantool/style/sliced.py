"""Sliced Wasserstein distance: along random directions of feature space, the sorted values of picture and style."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional as F

from gantool.style.losses import TINY, Weights
from gantool.style.statistics import Measured


class Sliced:
    """Mean squared difference of quantiles along `directions` random directions (Heitz et al. 2021), by the power.

    `turn` draws new directions; between two turns the loss is one fixed function.
    """

    additive = False

    def __init__(self, directions: int = 32, seed: int = 0) -> None:
        self._count = directions
        self._generator = torch.Generator().manual_seed(seed)
        self._drawn: dict[int, Tensor] = {}

    def turn(self) -> None:
        """Forget the directions; new ones are drawn when they are needed."""
        self._drawn.clear()

    def measure(self, features: Float[Tensor, "n c h w"], weights: Weights | None = None) -> Measured:
        """The features where they count, and how many there are."""
        flat = features.transpose(0, 1).flatten(1)
        if weights is not None:
            flat = flat[:, weights.expand(len(features), 1, *features.shape[-2:]).flatten() > 0.5]
        return flat, flat.new_tensor(float(flat.shape[1]))

    def blend(self, targets: Sequence[Measured], shares: Sequence[float]) -> Measured:
        """All targets, each with its share: their quantiles are averaged along every direction."""
        places = targets[0][-1]
        return (*(target[0] for target in targets), places.new_tensor(list(shares)), places)

    def distance(self, measured: Measured, target: Measured) -> Float[Tensor, ""]:
        """0 where all quantiles agree."""
        values = measured[0]
        *clouds, shares, _ = target
        views = self._directions(values)
        seen = views @ values
        with torch.no_grad():
            count = seen.shape[1]
            parts = [share * quantiles(views @ cloud, count) for cloud, share in zip(clouds, shares, strict=True)]
            wanted = torch.stack(parts).sum(dim=0)
            power = wanted.square().mean().clamp_min(TINY)
            assigned = torch.empty_like(wanted).scatter_(1, order_of(seen), wanted)
        # The assignment is the best one, so its own change does not enter the gradient (envelope theorem).
        return (seen - assigned).square().mean() / power

    def _directions(self, values: Tensor) -> Tensor:
        channels = len(values)
        if channels not in self._drawn:
            drawn = torch.randn(self._count, channels, generator=self._generator)
            self._drawn[channels] = F.normalize(drawn, dim=1)
        return self._drawn[channels].to(values)


def quantiles(values: Float[Tensor, "k _"], count: int) -> Float[Tensor, "k count"]:
    """`count` evenly spaced quantiles of each row, ascending."""
    # On the CPU numpy sorts many times faster than torch.
    ordered = torch.from_numpy(np.sort(values.numpy())) if values.device.type == "cpu" else values.sort(dim=1).values
    if ordered.shape[1] == count:
        return ordered
    result: Tensor = F.interpolate(ordered[None], size=count, mode="linear", align_corners=True)[0]
    return result


def order_of(values: Float[Tensor, "k n"]) -> Int64[Tensor, "k n"]:
    """The places of each row's values, from the least on."""
    values = values.detach()
    return torch.from_numpy(np.argsort(values.numpy())) if values.device.type == "cpu" else values.argsort(dim=1)
