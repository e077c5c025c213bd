"""Layers at an equalised learning rate, and the activation."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gantool_stylegan2.filters import blurred, kernel

EPSILON = 1e-8


def activated(x: Float[Tensor, "n *rest"], clamp: float = 0.0) -> Float[Tensor, "n *rest"]:
    """LeakyReLU 0.2, times sqrt(2) so that it keeps the mean square of normal input; then limited, as by `clamped`."""
    return clamped(F.leaky_relu(x, 0.2) * math.sqrt(2), clamp)


def clamped(x: Float[Tensor, "n *rest"], clamp: float) -> Float[Tensor, "n *rest"]:
    """Values in [-clamp, clamp]; 0 is no limit."""
    return x.clamp(-clamp, clamp) if clamp else x


def normalized(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Each vector to mean square 1."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + EPSILON)


class Linear(nn.Module):
    """Weights from N(0, 1), scaled to variance 1 / inputs when used (Karras et al. 2018, section 4.1).

    With `rate` the layer learns that many times as fast (Karras et al. 2019, appendix C).
    """

    def __init__(self, inputs: int, outputs: int, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.rate, self.scale = rate, rate / math.sqrt(inputs)

    def forward(self, x: Float[Tensor, "n _"]) -> Float[Tensor, "n _"]:
        """The product."""
        return F.linear(x, self.weight * self.scale, self.bias * self.rate)


class Conv(nn.Module):
    """The same for a convolution, padded to the same size; with `down` blurred and then halved."""

    filter: Float[Tensor, "4 4"]

    def __init__(self, inputs: int, outputs: int, side: int, down: bool = False, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, side, side))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = 1 / math.sqrt(inputs * side**2)
        self.padding, self.down = side // 2, down
        if down:
            self.register_buffer("filter", kernel(), persistent=False)

    def forward(self, x: Float[Tensor, "n _ h w"]) -> Float[Tensor, "n _ _ _"]:
        """The convolution."""
        weight = self.weight * self.scale
        if not self.down:
            return F.conv2d(x, weight, self.bias, padding=self.padding)
        if self.padding == 0:  # filtered at half the pixels
            return F.conv2d(blurred(x, self.filter, padding=1, stride=2), weight, self.bias)
        return F.conv2d(blurred(x, self.filter, padding=1 + self.padding), weight, self.bias, stride=2)


class MinibatchStd(nn.Module):
    """One more channel: how much the samples of a group differ (Karras et al. 2018, section 3).

    Of n samples in groups of `size`, sample i is in group i mod (n / size). The size is the largest divisor of n that
    is at most `group`; where that is 1, as for 5 or 7 samples, the whole batch is one group.
    """

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group
        self.compares_samples = group > 1

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c_plus_1 h w"]:
        """The standard deviation over the group, averaged over channels and pixels, in float32."""
        n, _, height, width = x.shape
        size = max(divisor for divisor in range(1, min(n, self.group) + 1) if n % divisor == 0)
        size = n if size == 1 and self.group > 1 else size
        grouped = x.float().reshape(size, n // size, -1)
        centred = grouped - grouped.mean(dim=0)
        spread = (centred.square().mean(dim=0) + EPSILON).sqrt().mean(dim=1).repeat(size)
        return torch.cat([x, spread.to(x.dtype).view(n, 1, 1, 1).expand(n, 1, height, width)], dim=1)
