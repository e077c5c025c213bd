"""Random filters of a fixed seed at several scales, which need no weights (Ustyuzhaninov et al. 2016)."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.features import Extractor
from gantool.builtin.extractors import RandomOptions
from gantool.builtin.extractors.layered import check_layers

LIGHTNESS = (1 / 3, 1 / 3, 1 / 3)
WHITEN = (LIGHTNESS, (0.5, 0.0, -0.5), (0.25, -0.5, 0.25))
"""Lightness and two opponent colours, which are hardly correlated in photographs (Ohta et al. 1980)."""
COLOUR = 2.0
"""The weight of opponent colours relative to lightness; in photographs they vary much less."""
BLUR = (0.125, 0.375, 0.375, 0.125)
"""The blur before subsampling, against aliasing."""


class Filters(Extractor):
    """Layers `scale1`, `scale2`, `scale4`, ... and `edges1`, ...: filter responses of the picture reduced by that much.

    `scale` layers are the responses of colour patches to orthogonal filters, and the patch's mean colour; `edges`
    layers are those of lightness without its mean, so they show shapes whatever their colours.
    """

    style_loss = "sliced"

    def __init__(self, options: RandomOptions) -> None:
        self._options = options
        scales = [2**level for level in range(options.scales)]
        self.layers = (*(f"scale{scale}" for scale in scales), *(f"edges{scale}" for scale in scales))
        self.style_layers: Mapping[str, float] = {f"scale{scale}": 1.0 for scale in scales[:2]}
        self.content_layers: Mapping[str, float] = {f"edges{scales[min(1, len(scales) - 1)]}": 1.0}
        self.metric_layers = tuple(f"scale{scale}" for scale in scales)

    @cached_property
    def _whole(self) -> "FilterBank":
        return self.select(self.metric_layers)

    def __call__(self, images: Float[Tensor, "n 3 h w"]) -> Sequence[Float[Tensor, "n _ _ _"]]:
        """Features of all `scale` layers."""
        features: Sequence[Tensor] = self._whole(images)
        return features

    def select(self, layers: Sequence[str]) -> "FilterBank":
        """The filter bank for these layers."""
        check_layers("random", layers, self.layers)
        return FilterBank(self._options, layers)


class FilterBank(nn.Module):
    """Responses `[n, filters (+ 3), h / scale, w / scale]` for each of `layers`, of images in [-1, 1]."""

    colours: Tensor
    edges: Tensor
    whiten: Tensor

    def __init__(self, options: RandomOptions, layers: Sequence[str]) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self._scales = [int(name.lstrip("scaledg")) for name in layers]
        self.stride = max(self._scales)
        self.strides = dict(zip(self.layers, self._scales, strict=True))
        self.halo = (options.size + 5) * self.stride
        window = gaussian_window(options.size)
        means = torch.eye(3)[:, :, None, None] * (window / window.sum())
        self.register_buffer(
            "colours", torch.cat([orthogonal_filters(3, window, options.filters, options.seed), means])
        )
        self.register_buffer("edges", orthogonal_filters(1, window, options.filters, options.seed))
        whiten = torch.tensor(WHITEN) * torch.tensor([1.0, COLOUR, COLOUR])[:, None]
        self.register_buffer("whiten", whiten.view(3, 3, 1, 1))

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> list[Float[Tensor, "n _ _ _"]]:
        """Features of each layer."""
        values = F.conv2d(images, self.whiten.to(images.dtype))
        scale, found = 1, {}
        while True:
            for name in {f"scale{scale}", f"edges{scale}"} & set(self.layers):
                found[name] = self._colours(values) if name.startswith("scale") else self._edges(values[:, :1])
            if scale >= self.stride:
                return [found[name] for name in self.layers]
            values = halved(values)
            scale *= 2

    def _colours(self, values: Tensor) -> Tensor:
        return F.conv2d(self._padded(values), self.colours.to(values.dtype))

    def _edges(self, lightness: Tensor) -> Tensor:
        return F.conv2d(self._padded(lightness), self.edges.to(lightness.dtype))

    def _padded(self, values: Tensor) -> Tensor:
        side = self.edges.shape[-1]
        return F.pad(values, (side // 2, (side - 1) // 2) * 2, mode="replicate")


def gaussian_window(size: int) -> Float[Tensor, "size size"]:
    """Weights that fall off to the sides of a patch, since a patch with hard edges leaves squares in pictures."""
    places = torch.linspace(-1, 1, size, dtype=torch.float64)
    row = torch.exp(-2 * places**2)
    return torch.outer(row, row).float()


def orthogonal_filters(
    channels: int, window: Float[Tensor, "size size"], count: int, seed: int
) -> Float[Tensor, "_ channels size size"]:
    """Zero-mean filters under a window, orthogonal to each other and of unit norm, the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    weights = window.double().flatten()
    count = min(count, channels * (len(weights) - 1))
    drawn = torch.randn(channels, len(weights), count, generator=generator, dtype=torch.float64)
    drawn = drawn - (weights[:, None] * drawn).sum(dim=1, keepdim=True) / weights.sum()
    basis, _ = torch.linalg.qr((drawn * weights[:, None]).flatten(0, 1))
    filters: Tensor = basis.T.reshape(count, channels, *window.shape).float()
    return filters


def halved(values: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """The values at half the size, rounded up, after a blur."""
    row = torch.tensor(BLUR, dtype=values.dtype, device=values.device)
    kernel = torch.outer(row, row).expand(values.shape[1], 1, 4, 4)
    height, width = values.shape[-2:]
    padded = F.pad(values, (1, 1 + width % 2, 1, 1 + height % 2), mode="replicate")
    return F.conv2d(padded, kernel, stride=2, groups=values.shape[1])
