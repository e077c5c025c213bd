"""R1 and R2 with a gamma that falls by a cosine of the images seen (appendix, table of hyperparameters)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

import gantool
from gantool_r3gan import FallingOptions


def squared_gradient(network: gantool.Critic, images: gantool.Images, labels: gantool.Labels) -> Float[Tensor, "n"]:
    """|d logits / d images|^2 of each sample, differentiable in the weights."""
    inputs = [level.detach().float().requires_grad_(True) for level in images]
    gradients = torch.autograd.grad(network(tuple(inputs), labels).sum(), inputs, create_graph=True)
    return torch.stack([gradient.square().flatten(1).sum(dim=1) for gradient in gradients]).sum(dim=0)


class Falling(gantool.Penalty):
    """The base of R1 and R2: every step, and a weight of half of gamma, a pure function of the images seen."""

    def __init__(self, options: FallingOptions) -> None:
        if options.weight == "auto" or options.images == "auto":
            raise ValueError("weight and images are still at 'auto'; gantool.configure resolves them, or give numbers")
        self.gamma, self.end, self.images = options.weight, options.end, options.images
        self.weight = self.gamma / 2

    def advance(self, images_seen: int) -> None:
        """Set the weight for this number of images."""
        gone = min(1.0, images_seen / self.images)
        left = self.end + (1 - self.end) * (1 + math.cos(math.pi * gone)) / 2
        self.weight = self.gamma * left / 2

    def status(self) -> dict[str, float]:
        """Gamma, for the console and the metrics."""
        return {"gamma": 2 * self.weight}


class R1(Falling):
    """|grad D(real)|^2 (Mescheder et al. 2018, eq. 9)."""

    def __call__(
        self, network: gantool.Critic, real: gantool.Images, fake: gantool.Images, labels: gantool.Labels
    ) -> gantool.Logits:
        """The squared gradient at each real sample."""
        return squared_gradient(network, real, labels)


class R2(Falling):
    """|grad D(fake)|^2 (Mescheder et al. 2018, eq. 10)."""

    def __call__(
        self, network: gantool.Critic, real: gantool.Images, fake: gantool.Images, labels: gantool.Labels
    ) -> gantool.Logits:
        """The squared gradient at each fake sample."""
        return squared_gradient(network, fake, labels)
