"""The features of `your-name`: edges in several directions, and colours, at three scales. No weights are learnt."""

import math
from collections.abc import Mapping, Sequence

import gantool
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gantool_your_name import YourNameOptions

SIDE = 7
"""Radius of a filter, in pixels of its scale."""


class Edges(gantool.Extractor):
    """Features for metrics and style transfer. A layer's number is the factor by which its pictures are smaller."""

    layers = ("edges1", "edges2", "edges4")
    style_layers: Mapping[str, float] = {"edges1": 1.0, "edges2": 1.0, "edges4": 1.0}
    content_layers: Mapping[str, float] = {"edges2": 1.0}

    def __init__(self, options: YourNameOptions) -> None:
        self.directions = options.directions

    def __call__(self, images: Tensor) -> Sequence[Tensor]:
        """Features of all layers, of images `[n, 3, h, w]` in [-1, 1]."""
        features: Sequence[Tensor] = self.select(self.layers)(images)
        return features

    def select(self, layers: Sequence[str]) -> nn.Module:
        """A network for these layers alone, in this order."""
        unknown = [name for name in layers if name not in self.layers]
        if unknown:
            raise gantool.GantoolError(f"your-name has no layer {unknown[0]!r}; there are {', '.join(self.layers)}.")
        return Bank(self.directions, layers)


class Bank(nn.Module):
    """Responses `[n, directions + 3, h / scale, w / scale]` for each layer: edges of grey, then the three colours."""

    filters: Tensor

    def __init__(self, directions: int, layers: Sequence[str]) -> None:
        super().__init__()
        self.scales = [int(name.removeprefix("edges")) for name in layers]
        self.register_buffer("filters", oriented(directions))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Features of each layer."""
        return [self._at(F.avg_pool2d(images, scale, ceil_mode=True)) for scale in self.scales]

    def _at(self, images: Tensor) -> Tensor:
        grey = F.pad(images.mean(dim=1, keepdim=True), [SIDE // 2] * 4, mode="replicate")
        return torch.cat([F.conv2d(grey, self.filters.to(images.dtype)), images], dim=1)


def oriented(directions: int) -> Tensor:
    """Derivatives of a Gaussian in evenly spread directions, `[directions, 1, 7, 7]`: of zero mean and unit norm."""
    across = torch.linspace(-1, 1, SIDE)
    angles = torch.arange(directions) * math.pi / directions
    slope = angles.cos()[:, None, None] * across + angles.sin()[:, None, None] * across[:, None]
    filters: Tensor = slope * torch.exp(-2 * (across**2 + across[:, None] ** 2))
    filters = filters / filters.square().sum(dim=(1, 2), keepdim=True).sqrt()
    return filters[:, None]
