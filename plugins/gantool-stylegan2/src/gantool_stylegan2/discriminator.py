"""The residual discriminator (Karras et al. 2020, section 4.1), conditional by projection on a mapped label."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

import gantool
from gantool_stylegan2 import StyleGan2
from gantool_stylegan2.layers import Conv, Linear, MinibatchStd, activated
from gantool_stylegan2.mapping import Mapping
from gantool_stylegan2.widths import channels_at, sides_up_to

LABEL_LAYERS = 8
"""Layers from a label to what the features are compared with; the reference's."""


class Residual(nn.Module):
    """Half the side: two convolutions beside a linear shortcut, both blurred before they are halved."""

    def __init__(self, inputs: int, outputs: int, clamp: float = 0.0) -> None:
        super().__init__()
        self.clamp = clamp
        self.first = Conv(inputs, inputs, 3)
        self.second = Conv(inputs, outputs, 3, down=True)
        self.shortcut = Conv(inputs, outputs, 1, down=True, bias=False)

    def forward(self, x: Float[Tensor, "n _ h w"]) -> Float[Tensor, "n _ _ _"]:
        """The sum, scaled so that its variance is that of its parts."""
        y: Tensor = activated(self.second(activated(self.first(x), self.clamp)), self.clamp) + self.shortcut(x)
        return y * math.sqrt(0.5)


class Discriminator(nn.Module):
    """Pictures to logits."""

    def __init__(self, options: StyleGan2, shape: gantool.ImageShape) -> None:
        super().__init__()
        widths = [channels_at(options, side) for side in sides_up_to(shape.resolution)]
        last, self.clamp = widths[0], options.clamp
        self.from_rgb = Conv(shape.channels, widths[-1], 1)
        self.blocks = nn.Sequential(
            *(Residual(widths[index], widths[index - 1], self.clamp) for index in reversed(range(1, len(widths))))
        )
        self.spread = MinibatchStd(options.stddev_group)
        self.conv = Conv(last + 1, last, 3)
        self.features = Linear(last * 16, last)
        self.last = Linear(last, last if shape.classes else 1)
        self.of_label = Mapping(0, shape.classes, last, LABEL_LAYERS) if shape.classes else None

    def forward(self, images: gantool.Images, labels: gantool.Labels = None) -> Float[Tensor, "n"]:
        """One logit for each picture, given its label where there are classes."""
        x = self.blocks(activated(self.from_rgb(images[-1]), self.clamp))
        x = activated(self.conv(self.spread(x)), self.clamp)
        with torch.autocast(x.device.type, enabled=False):
            verdict: Tensor = self.last(activated(self.features(x.float().flatten(1))))
            if self.of_label is None:
                return verdict.flatten()
            inner: Tensor = (verdict * self.of_label(None, labels)).sum(dim=1)
            return inner / math.sqrt(verdict.shape[1])
