"""A network that redraws any photo in the one style it has learned, in one pass (Johnson et al. 2016)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.api.style_networks import StyleNetwork

STRIDE, LEAST_SIDE = 4, 16
"""The network works on sides that are multiples of the first and no less than the second."""
WIDTHS, BLOCKS = (2, 64), (1, 16)
"""The least and the most, for training and for files."""
BYTES = 42
"""Bytes that a pass takes for each pixel and channel of the network's width, at the most."""


def redrawn(network: StyleNetwork, photos: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """The pictures of photos of any sides, which are extended by reflection to sides that suit the network."""
    height, width = photos.shape[-2:]
    below, beside = (
        -(-max(side, network.least_side) // network.stride) * network.stride - side for side in (height, width)
    )
    mode = "reflect" if below < height and beside < width else "replicate"
    return network(F.pad(photos, (0, beside, 0, below), mode=mode))[..., :height, :width]


class TransformNet(nn.Module, StyleNetwork):
    """Photos in [-1, 1] to pictures of the same size: three convolutions down to a quarter, residual blocks, and up.

    `width` is the number of channels at full size; a quarter of the size has four times as many. Borders are reflected
    and enlarging is nearest-neighbour (Odena et al. 2016), so that neither frame nor checkerboard is drawn. The last
    kernel has 3 pixels a side, not 9: it would take a third of the time. The photo has no way around the network, since
    a network that begins with the photo itself keeps it and puts dense patterns in a few places.
    """

    stride, least_side = STRIDE, LEAST_SIDE

    def __init__(self, width: int = 16, blocks: int = 5) -> None:
        super().__init__()
        self.down = nn.Sequential(
            Normalised(3, width, 9), Normalised(width, 2 * width, 3, 2), Normalised(2 * width, 4 * width, 3, 2)
        )
        self.blocks = nn.Sequential(*(Residual(4 * width) for _ in range(blocks)))
        self.up = nn.Sequential(Enlarged(4 * width, 2 * width), Enlarged(2 * width, width))
        self.last = _convolution(width, 3, 3)
        self.bytes_per_pixel = BYTES * width

    def forward(self, photos: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
        """The pictures of photos whose sides are multiples of `STRIDE`."""
        pictures: Tensor = torch.tanh(self.last(self.up(self.blocks(self.down(photos)))))
        return pictures


def _convolution(channels: int, wider: int, kernel: int, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(channels, wider, kernel, stride, kernel // 2, padding_mode="reflect", bias=bias)


class Normalised(nn.Sequential):
    """Convolution, instance normalisation (Ulyanov et al. 2016) and ReLU."""

    def __init__(self, channels: int, wider: int, kernel: int, stride: int = 1) -> None:
        convolution = _convolution(channels, wider, kernel, stride, bias=False)
        super().__init__(convolution, nn.InstanceNorm2d(wider, affine=True), nn.ReLU())


class Residual(nn.Module):
    """The input plus two convolutions of it (He et al. 2016), without a ReLU behind the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        second = _convolution(channels, channels, 3, bias=False)
        self.change = nn.Sequential(Normalised(channels, channels, 3), second, nn.InstanceNorm2d(channels, affine=True))

    def forward(self, values: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """The sum."""
        changed: Tensor = values + self.change(values)
        return changed


class Enlarged(nn.Module):
    """The same as `Normalised`, of the input at twice its size."""

    def __init__(self, channels: int, narrower: int) -> None:
        super().__init__()
        self.convolution = Normalised(channels, narrower, 3)

    def forward(self, values: Float[Tensor, "n c h w"]) -> Float[Tensor, "n _ _ _"]:
        """The values at twice the size."""
        larger: Tensor = self.convolution(F.interpolate(values, scale_factor=2, mode="nearest"))
        return larger
