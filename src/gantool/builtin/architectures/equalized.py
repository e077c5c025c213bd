"""Layers of the progressive GAN (Karras et al. 2018) that MSG-GAN shares."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool.builtin.architectures.layers import Doubled, InARow, SmoothlyDoubled

LEAK = 0.2
HE_GAIN = math.sqrt(2)
EPSILON = 1e-8


class EqualizedConv2d(nn.Module):
    """A convolution with weights from N(0, 1), scaled to He's deviation in the forward pass (section 4.1).

    Adam's step does not depend on a weight's scale, so all layers learn at the same speed.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float = HE_GAIN) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs * kernel**2)
        self.padding = kernel // 2

    def forward(self, x: Float[Tensor, "n _ h w"]) -> Float[Tensor, "n _ h w"]:
        """The convolution, padded with zeros to the same size."""
        return F.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class EqualizedLinear(nn.Module):
    """A fully connected layer with the same equalized learning rate."""

    def __init__(self, inputs: int, outputs: int, gain: float = HE_GAIN, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = gain / math.sqrt(inputs)

    def forward(self, x: Float[Tensor, "n _"]) -> Float[Tensor, "n _"]:
        """The linear map."""
        return F.linear(x, self.weight * self.scale, self.bias)


class PixelNorm(nn.Module):
    """Normalises every pixel's feature vector to mean square 1 (section 4.2), in float32."""

    def forward(self, x: Float[Tensor, "n c *hw"]) -> Float[Tensor, "n c *hw"]:
        """The features divided by their root mean square over the channels."""
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(dim=1, keepdim=True) + EPSILON)).to(x.dtype)


class MinibatchStd(nn.Module):
    """Minibatch standard deviation, which adds a channel by which D detects a lack of variety in the batch (section 3).

    Groups are strided: of n samples in n / size groups, sample i is in group i mod (n / size). The size is the largest
    divisor of n that is at most `group`; where that is 1, as for 5 or 7 samples, the whole batch is one group.
    """

    compares_samples = True

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c_plus_1 h w"]:
        """The features and one more channel: the deviation over the group, averaged over channels and pixels."""
        n, _, height, width = x.shape
        size = group_size(n, self.group)
        grouped = x.float().reshape(size, n // size, *x.shape[1:])  # [size, groups, c, h, w]
        centred = grouped - grouped.mean(dim=0)
        # torch.var over so short a dimension takes a third of a whole training step on the CPU.
        deviation = (centred.square().mean(dim=0) + EPSILON).sqrt().flatten(1).mean(dim=1)
        spread = deviation.repeat(size).view(n, 1, 1, 1).expand(n, 1, height, width)
        return torch.cat([x, spread.to(x.dtype)], dim=1)


def group_size(n: int, most: int) -> int:
    """The size of a group for n samples."""
    size = max(divisor for divisor in range(1, min(n, most) + 1) if n % divisor == 0)
    return n if size == 1 and most > 1 else size


def pooled(x: Float[Tensor, "n c h w"], factor: int = 2) -> Float[Tensor, "n c _ _"]:
    """Average pooling by a whole factor."""
    return x if factor == 1 else F.avg_pool2d(x, factor)


class Stem(nn.Sequential):
    """The first layers of the generator, from the normalised z and its label to features at 4 pixels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            EqualizedLinear(inputs, outputs * 16, gain=HE_GAIN / 4, bias=False),
            nn.Unflatten(1, (outputs, 4, 4)),
            ChannelBias(outputs),
            nn.LeakyReLU(LEAK),
            PixelNorm(),
            EqualizedConv2d(outputs, outputs, 3),
            nn.LeakyReLU(LEAK),
            PixelNorm(),
        )


class ChannelBias(nn.Module):
    """A bias for each channel, after a layer without one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """The features plus the bias."""
        return x + self.bias[:, None, None]


class Doubling(InARow):
    """Features at twice the side: upsampling, bilinear or by the nearest neighbour, and two convolutions."""

    def __init__(self, inputs: int, outputs: int, upsampling: str) -> None:
        super().__init__(
            SmoothlyDoubled() if upsampling == "bilinear" else Doubled(),
            EqualizedConv2d(inputs, outputs, 3),
            nn.LeakyReLU(LEAK),
            PixelNorm(),
            EqualizedConv2d(outputs, outputs, 3),
            nn.LeakyReLU(LEAK),
            PixelNorm(),
        )


class Halving(nn.Sequential):
    """Features at half the side: two convolutions and box downsampling."""

    def __init__(self, inputs: int, middle: int, outputs: int) -> None:
        super().__init__(
            EqualizedConv2d(inputs, middle, 3),
            nn.LeakyReLU(LEAK),
            EqualizedConv2d(middle, outputs, 3),
            nn.LeakyReLU(LEAK),
            nn.AvgPool2d(2),
        )


class Features(nn.Sequential):
    """The discriminator's last block: minibatch deviation, a convolution at 4 pixels, and a feature vector."""

    def __init__(self, inputs: int, middle: int, outputs: int, group: int) -> None:
        super().__init__(
            MinibatchStd(group),
            EqualizedConv2d(inputs + 1, middle, 3),
            nn.LeakyReLU(LEAK),
            nn.Flatten(),
            EqualizedLinear(middle * 16, outputs),
            nn.LeakyReLU(LEAK),
        )


class LogitHead(nn.Module):
    """Feature vectors to logits; with classes, the projection of the label is added (Miyato and Koyama 2018, eq. 3)."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.last = EqualizedLinear(features, 1, gain=1.0)
        self.classes = EqualizedLinear(features, classes, gain=1.0, bias=False) if classes else None

    def forward(self, features: Float[Tensor, "n d"], labels: Tensor | None) -> Float[Tensor, "n"]:
        """Logits of the pictures, conditioned on labels where there are classes."""
        logits: Tensor = self.last(features).flatten()
        if self.classes is None:
            return logits
        if labels is None:
            raise ValueError("a class-conditional discriminator was called without labels")
        of_label: Tensor = self.classes(features).gather(1, labels[:, None]).flatten()
        return logits + of_label
