"""The penalty `your-name`: one value per sample; the training step takes the mean, times `weight` and `every`."""

import gantool
import torch
from torch import nn

from gantool_your_name import YourNameOptions


class Steadiness(gantool.Penalty):
    """The squared change of the logits of reals under a little noise, in units of the noise.

    For little noise its mean is R1's squared gradient (Mescheder et al. 2018), without a second backward pass.
    """

    def __init__(self, options: YourNameOptions) -> None:
        self.weight, self.every, self.noise = options.weight, options.every, options.noise

    def __call__(
        self, network: nn.Module, real: gantool.Images, fake: gantool.Images, labels: gantool.Labels
    ) -> gantool.Logits:
        """The squared difference of two logits for each real picture."""
        noisy = tuple(level + self.noise * torch.randn_like(level) for level in real)
        moved: gantool.Logits = network(noisy, labels) - network(real, labels)
        return (moved / self.noise).square()
