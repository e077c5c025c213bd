"""Sliced Wasserstein style loss, which compares sorted features of picture and style along random directions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from gantool.api.features import PlaceWeights, Statistics, StyleLoss
from gantool.builtin.style_losses import SlicedOptions
from gantool.builtin.style_losses.statistics import TINY

AT_ONCE = 2**24
"""The most values along directions that are sorted at a time."""

MOST = 2**20
"""The most points of a style that are kept."""


class Sliced(StyleLoss):
    """Mean squared difference of quantiles along `directions` random directions (Heitz et al. 2021), by the power.

    `turn` draws new directions; between two calls of it the loss is one fixed function.
    """

    additive = False
    stochastic = True
    strength = 40.0

    def __init__(self, options: SlicedOptions | None = None) -> None:
        self._count = (options or SlicedOptions()).directions
        self.seed(0)

    def seed(self, seed: int) -> None:
        """Begin the sequence of random directions."""
        self._seed = seed
        self._generator = torch.Generator().manual_seed(seed)
        self._drawn: dict[int, Tensor] = {}

    def turn(self) -> None:
        """Discard the directions; new ones are drawn when they are needed."""
        self._drawn.clear()

    def measure(self, features: Float[Tensor, "n c h w"], weights: PlaceWeights | None = None) -> Statistics:
        """The features where they count, and how many there are."""
        flat = features.transpose(0, 1).flatten(1)
        if weights is not None:
            flat = flat[:, weights.expand(len(features), 1, *features.shape[-2:]).flatten() > 0.5]
        return flat, flat.new_tensor(float(flat.shape[1]))

    def blend(self, targets: Sequence[Statistics], shares: Sequence[float]) -> Statistics:
        """All targets, each with its share: their quantiles are averaged along every direction."""
        places = targets[0][-1]
        clouds = [drawn_from(target[0], self._seed) for target in targets]
        return (*clouds, places.new_tensor(list(shares)), places)

    def distance(self, measured: Statistics, target: Statistics) -> Float[Tensor, ""]:
        """0 where all quantiles agree."""
        (values, *_) = measured
        if values.shape[1] == 0:  # the mask is finer than a place of this layer
            return values.sum()
        loss: Tensor = _KnownGradient.apply(values, *self._loss_and_gradient(values.detach(), target))
        return loss

    @torch.no_grad()
    def _loss_and_gradient(
        self, values: Float[Tensor, "c n"], target: Statistics
    ) -> tuple[Float[Tensor, ""], Float[Tensor, "c n"]]:
        """The loss and its gradient, a few directions at a time, since sorted values take more memory than features."""
        *clouds, shares, _ = target
        count = values.shape[1]
        most = max(count, *(cloud.shape[1] for cloud in clouds))
        gradient = values.new_zeros(values.shape)
        off, power = values.new_zeros(()), values.new_zeros(())
        for views in torch.split(self._directions(values), max(1, AT_ONCE // most)):
            seen = views @ values
            parts = [share * quantiles(views @ cloud, count) for cloud, share in zip(clouds, shares, strict=True)]
            wanted = torch.stack(parts).sum(dim=0)
            power += wanted.square().sum()
            # The assignment is optimal, so its own change does not enter the gradient (envelope theorem).
            seen -= torch.empty_like(wanted).scatter_(1, order_of(seen), wanted)
            off += seen.square().sum()
            gradient.addmm_(views.T, seen)
        power = power.clamp_min(TINY * self._count * count)
        return off / power, gradient.mul_(2 / power)

    def _directions(self, values: Tensor) -> Tensor:
        channels = len(values)
        if channels not in self._drawn:
            drawn = torch.randn(self._count, channels, generator=self._generator)
            self._drawn[channels] = F.normalize(drawn, dim=1)
        return self._drawn[channels].to(values)


class _KnownGradient(torch.autograd.Function):
    """A loss with a precomputed gradient by the values, since a graph would keep the sort order of every direction."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, loss: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outward: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return outward * gradient, None, None


def drawn_from(cloud: Float[Tensor, "c n"], seed: int) -> Float[Tensor, "c _"]:
    """The same points, or `MOST` of them, whose quantiles differ by a thousandth at the most."""
    count = cloud.shape[1]
    if count <= MOST:
        return cloud
    return cloud[:, torch.randint(count, (MOST,), generator=torch.Generator().manual_seed(seed)).to(cloud.device)]


def quantiles(values: Float[Tensor, "k _"], count: int) -> Float[Tensor, "k count"]:
    """`count` evenly spaced quantiles of each row, ascending."""
    # On the CPU numpy sorts many times faster than torch.
    ordered = torch.from_numpy(np.sort(values.numpy())) if values.device.type == "cpu" else values.sort(dim=1).values
    if ordered.shape[1] == count:
        return ordered
    result: Tensor = F.interpolate(ordered[None], size=count, mode="linear", align_corners=True)[0]
    return result


def order_of(values: Float[Tensor, "k n"]) -> Int64[Tensor, "k n"]:
    """The indices that sort each row, ascending."""
    values = values.detach()
    return torch.from_numpy(np.argsort(values.numpy())) if values.device.type == "cpu" else values.argsort(dim=1)
