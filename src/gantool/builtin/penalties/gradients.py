"""Penalties on the gradient and the logits of a discriminator: one value per sample, in float32, on all levels."""

import torch
from torch import Tensor

from gantool.api.networks import Critic, Images, Labels, Logits
from gantool.api.specs import AUTO
from gantool.api.strategies import Penalty
from gantool.builtin.penalties import DraganOptions, DriftOptions, GpOptions, R1Options


def squared_gradient(network: Critic, images: Images, labels: Labels) -> Logits:
    """|d logits / d images|^2 of each sample, summed over pixels and levels; differentiable in the weights."""
    leaves = tuple(level.detach().float().requires_grad_(True) for level in images)
    logits = network(leaves, labels)
    gradients = torch.autograd.grad(logits.sum(), leaves, create_graph=True)
    per_level: list[Tensor] = [gradient.square().flatten(1).sum(dim=1) for gradient in gradients]
    return torch.stack(per_level).sum(dim=0)


def distance_to_target(squared: Logits, target: float) -> Logits:
    """(norm - target)^2 of each squared norm."""
    if target == 0:
        return squared
    # sqrt has an infinite slope at 0, and 0 * inf would poison the weights with NaN.
    return ((squared + 1e-12).sqrt() - target) ** 2


def _gamma(options: R1Options) -> float:
    if options.weight == AUTO:
        raise ValueError("The weight of a penalty is still at 'auto'; gantool.configure resolves it, or give a number.")
    return float(options.weight)


class R1(Penalty):
    """|grad D(real)|^2 (Mescheder et al. 2018, eq. 9); the step's weight is gamma / 2."""

    def __init__(self, options: R1Options) -> None:
        self.weight, self.every = _gamma(options) / 2, options.every

    def __call__(self, network: Critic, real: Images, fake: Images, labels: Labels) -> Logits:
        """The squared gradient at each real sample."""
        return squared_gradient(network, real, labels)


class R2(R1):
    """|grad D(fake)|^2 (Mescheder et al. 2018, eq. 10); the step's weight is gamma / 2."""

    def __call__(self, network: Critic, real: Images, fake: Images, labels: Labels) -> Logits:
        """The squared gradient at each fake sample."""
        return squared_gradient(network, fake, labels)


class GradientPenalty(Penalty):
    """(|grad D(x)| - target)^2 for x on the line from real to fake (Gulrajani et al. 2017, eq. 3).

    With target 0 it is the zero-centred penalty |grad D(x)|^2 (Thanh-Tung et al. 2019).
    """

    def __init__(self, options: GpOptions) -> None:
        self.weight, self.every = options.weight, options.every
        self.target = options.target

    def __call__(self, network: Critic, real: Images, fake: Images, labels: Labels) -> Logits:
        """One point per pair of samples, the same mixture at every level."""
        share = torch.rand(len(real[-1]), 1, 1, 1, device=real[-1].device)
        between = tuple(torch.lerp(r.float(), f.float(), share) for r, f in zip(real, fake, strict=True))
        return distance_to_target(squared_gradient(network, between, labels), self.target)


class Dragan(Penalty):
    """(|grad D(real + noise)| - target)^2 with normal noise (Kodali et al. 2017).

    The noise is measured in standard deviations of the reals at hand, so that it suits any pictures. The levels of a
    pyramid are one point, and the noise is drawn for all its coordinates.
    """

    def __init__(self, options: DraganOptions) -> None:
        self.weight, self.every = options.weight, options.every
        self.target, self.noise = options.target, options.noise

    def __call__(self, network: Critic, real: Images, fake: Images, labels: Labels) -> Logits:
        """One point near each real sample."""
        near = tuple(self._disturbed(level.float()) for level in real)
        return distance_to_target(squared_gradient(network, near, labels), self.target)

    def _disturbed(self, level: Tensor) -> Tensor:
        return level + self.noise * level.std(correction=0) * torch.randn_like(level)


class Drift(Penalty):
    """D(real)^2, which keeps the logits of reals near 0 (Karras et al. 2018, appendix A.1)."""

    def __init__(self, options: DriftOptions) -> None:
        self.weight, self.every = options.weight, options.every

    def __call__(self, network: Critic, real: Images, fake: Images, labels: Labels) -> Logits:
        """The squared logit of each real sample, by a forward pass of its own."""
        return network(tuple(level.float() for level in real), labels).float().square()
