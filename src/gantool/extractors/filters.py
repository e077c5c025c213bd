"""Fixed-seed filters at several scales: features without any weights (Ustyuzhaninov et al. 2016)."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.extractors import RandomOptions
from gantool.extractors.layered import check_layers

WHITEN = (
    (1 / 3, 1 / 3, 1 / 3),
    (1.0, 0.0, -1.0),
    (0.7, -1.4, 0.7),
)
"""Lightness and two opponent colours, which are hardly correlated in photographs; colours vary less, so count more."""


class Filters:
    """Layers `scale1`, `scale2`, `scale4`, ...: patches at that reduction, seen through zero-mean orthogonal filters.

    The last few channels of each layer are the patch's mean colour, so that the palette is part of what is compared.
    """

    style_loss = "sliced"

    def __init__(self, options: RandomOptions) -> None:
        self._options = options
        self.layers = tuple(f"scale{2**level}" for level in range(options.scales))
        self.style_layers: Mapping[str, float] = dict.fromkeys(self.layers, 1.0)
        self.content_layers: Mapping[str, float] = {self.layers[min(1, options.scales - 1)]: 1.0}
        self._whole: FilterBank | None = None

    def __call__(self, images: Float[Tensor, "n 3 h w"]) -> Sequence[Float[Tensor, "n _ _ _"]]:
        """Features of all scales."""
        if self._whole is None:
            self._whole = self.select(self.layers)
        features: Sequence[Tensor] = self._whole(images)
        return features

    def select(self, layers: Sequence[str]) -> "FilterBank":
        """The bank for these layers."""
        check_layers("random", layers, self.layers)
        return FilterBank(self._options, layers)


class FilterBank(nn.Module):
    """Responses `[n, filters + 3, h / scale, w / scale]` for each of `layers`, of images in [-1, 1]."""

    bank: Tensor
    whiten: Tensor
    box: Tensor

    def __init__(self, options: RandomOptions, layers: Sequence[str]) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self._scales = [int(name.removeprefix("scale")) for name in layers]
        self.stride = max(self._scales)
        self.halo = (options.size + 1) * self.stride
        self.register_buffer("bank", orthogonal_filters(options.size, options.filters, options.seed))
        self.register_buffer("whiten", torch.tensor(WHITEN).view(3, 3, 1, 1))
        self.register_buffer("box", torch.full((3, 1, options.size, options.size), options.size**-2.0))

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> list[Float[Tensor, "n _ _ _"]]:
        """Features of each layer."""
        values = F.conv2d(images, self.whiten.to(images.dtype))
        scale, found = 1, {}
        while True:
            if scale in self._scales:
                found[scale] = self._responses(values)
            if scale >= self.stride:
                return [found[scale] for scale in self._scales]
            values = halved(values)
            scale *= 2

    def _responses(self, values: Tensor) -> Tensor:
        side = self.bank.shape[-1]
        padded = F.pad(values, (side // 2, (side - 1) // 2) * 2, mode="replicate")
        details = F.conv2d(padded, self.bank.to(values.dtype))
        means = F.conv2d(padded, self.box.to(values.dtype), groups=3)
        return torch.cat([details, means], dim=1)


def orthogonal_filters(size: int, count: int, seed: int) -> Float[Tensor, "count 3 size size"]:
    """Zero-mean filters of unit norm over three channels, orthogonal to each other, the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    count = min(count, 3 * (size**2 - 1))
    random = torch.randn(3 * size**2, count, generator=generator, dtype=torch.float64)
    random = random.view(3, size**2, count)
    random = (random - random.mean(dim=1, keepdim=True)).view(3 * size**2, count)
    basis, _ = torch.linalg.qr(random)
    filters: Tensor = basis.T.reshape(count, 3, size, size).float()
    return filters


def halved(values: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c _ _"]:
    """Half the size, rounded up, by averaging squares of pixels."""
    height, width = values.shape[-2:]
    if height % 2 or width % 2:
        values = F.pad(values, (0, width % 2, 0, height % 2), mode="replicate")
    return F.avg_pool2d(values, 2)
