"""The layers of both networks: residual blocks of grouped convolutions, filtered resampling, scaled initial weights."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

LEAK = 0.2
Maps = Float[Tensor, "n c h w"]


def conv(inputs: int, outputs: int, side: int = 1, groups: int = 1, bias: bool = False) -> nn.Conv2d:
    """A convolution that keeps the size of maps, and their variance (He et al. 2015, for no activation behind it)."""
    made = nn.Conv2d(inputs, outputs, side, padding=side // 2, groups=groups, bias=bias)
    nn.init.kaiming_normal_(made.weight, nonlinearity="linear")
    return made


class Block(nn.Module):
    """x + project(act(grouped(act(expand(x))))), an inverted bottleneck (section 3.3, figure 2c).

    As Fixup has it (Zhang et al. 2019), the last convolution begins at 0, and so the block as the identity; the others
    are scaled by depth^(-1/4), `depth` being the number of blocks of the network.
    """

    def __init__(self, channels: int, expansion: int, group: int, depth: int) -> None:
        super().__init__()
        inner = channels * expansion
        self.expand = conv(channels, inner, bias=True)
        self.grouped = conv(inner, inner, 3, groups=inner // group, bias=True)
        self.project = conv(inner, channels)
        for layer in (self.expand, self.grouped):
            nn.init.kaiming_normal_(layer.weight, a=LEAK, nonlinearity="leaky_relu")
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
            with torch.no_grad():
                layer.weight *= depth**-0.25
        nn.init.zeros_(self.project.weight)

    def forward(self, x: Maps) -> Maps:
        """Maps of the same shape."""
        inner = F.leaky_relu(self.expand(x), LEAK)
        changed: Tensor = self.project(F.leaky_relu(self.grouped(inner), LEAK))
        return x + changed


class Double(nn.Module):
    """Maps of twice the side, by linear interpolation behind a 1x1 convolution where channels change."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.change = nn.Identity() if inputs == outputs else conv(inputs, outputs)

    def forward(self, x: Maps) -> Float[Tensor, "n _ _ _"]:
        """From `[n, inputs, h, w]` to `[n, outputs, 2h, 2w]`."""
        return F.interpolate(self.change(x), scale_factor=2, mode="bilinear")


class Halve(nn.Module):
    """Maps of half the side, by the same linear filter (1, 3, 3, 1), then a 1x1 convolution where channels change."""

    filter: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("filter", torch.outer(line, line)[None, None], persistent=False)
        self.change = nn.Identity() if inputs == outputs else conv(inputs, outputs)

    def forward(self, x: Maps) -> Float[Tensor, "n _ _ _"]:
        """From `[n, inputs, h, w]` to `[n, outputs, h/2, w/2]`."""
        each = self.filter.to(x.dtype).expand(x.shape[1], 1, 4, 4)
        halved = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), each, stride=2, groups=x.shape[1])
        changed: Tensor = self.change(halved)
        return changed
