"""Orthogonal regularisation of either network (Brock et al. 2019, eq. 3): rows of a layer need not agree."""

import torch

import gantool
from second_edition import OrthogonalOptions


class Orthogonal(gantool.Penalty):
    """|W W^T * (1 - I)|^2 of every matrix of weights."""

    def __init__(self, options: OrthogonalOptions) -> None:
        self.side, self.weight = options.side, options.weight

    def __call__(self, network, *seen):
        total = torch.zeros(1)
        for weight in network.parameters():
            if weight.ndim > 1:
                rows = weight.flatten(1)
                products = rows @ rows.T
                total = total.to(products.device) + products.square().sum() - products.diagonal().square().sum()
        return total


class OfOne(gantool.Penalty):
    """A penalty that knows one architecture."""

    def __init__(self, options: gantool.Options) -> None: ...

    def __call__(self, network, real, fake, labels):
        return network(real, labels).square()
