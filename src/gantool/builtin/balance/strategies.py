"""Balance strategies: the network that the next batch updates, by statistics in buffers on the host.

Those that use the discriminator's loss or accuracy read it from the device at each step, and the host waits for it.
"""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.strategies import Balance, Turn
from gantool.builtin.balance import AdaptiveOptions, FixedOptions, SkipDOptions, TturOptions

MEMORY = 0.9
"""Decay of the running means: the weight of a new batch is a tenth."""

Seen = Mapping[str, Float[Tensor, ""]]


class Fixed(nn.Module, Balance):
    """The generator learns from every `d_steps`-th batch only (Goodfellow et al. 2014, algorithm 1)."""

    waited: Float[Tensor, ""]

    def __init__(self, options: FixedOptions) -> None:
        super().__init__()
        self.d_steps = options.d_steps
        self.register_buffer("waited", torch.zeros(()))

    def turn(self) -> Turn:
        """Both on the last of `d_steps` batches, else the discriminator."""
        return Turn(generator=round(self.waited.item()) == self.d_steps - 1)

    def observe(self, seen: Seen) -> None:
        """Count the batches since the generator's last turn."""
        self.waited.copy_((self.waited + 1) % self.d_steps)


class TwoTimescales(Balance):
    """TTUR (Heusel et al. 2017): both learn from each batch, the discriminator at `ratio` times its learning rate."""

    def __init__(self, options: TturOptions) -> None:
        self.learning_rate_scales = (1.0, options.ratio)

    def turn(self) -> Turn:
        """Both networks, always."""
        return Turn()


class SkipDiscriminator(nn.Module, Balance):
    """Skips discriminator steps while the running mean of its loss is below a bound.

    Its loss is known only in its own steps, so it learns from a share `floor` of the batches at the least, or it would
    be skipped for ever: `rested` counts batches, and each step of the discriminator takes `1 / floor` from it.
    """

    loss: Float[Tensor, ""]
    rested: Float[Tensor, ""]

    def __init__(self, options: SkipDOptions) -> None:
        super().__init__()
        self.below = options.below
        self.turn_costs = 1 / options.floor
        self.register_buffer("loss", torch.tensor(math.inf))
        self.register_buffer("rested", torch.zeros(()))

    def turn(self) -> Turn:
        """The generator alone while the discriminator's loss is too low, unless too many of its steps were skipped."""
        due = self.rested.item() + 1 >= self.turn_costs - 1e-4
        return Turn(discriminator=due or not self.loss.item() < self.below)

    def observe(self, seen: Seen) -> None:
        """Update the running mean of the discriminator's loss, or count a skipped step."""
        self.rested += 1
        if "loss_d" not in seen:
            return
        self.rested.copy_((self.rested - self.turn_costs).clamp(min=0))
        self.loss.copy_(_running(self.loss, seen["loss_d"]))


class Adaptive(nn.Module, Balance):
    """Adapts the ratio of steps so that the discriminator is right on a share `target` of reals.

    `lead` is the logarithm of the ratio of discriminator steps to generator steps; it falls while the discriminator is
    right too often and rises while it is not. A network with less than one step a batch saves up.
    """

    lead: Float[Tensor, ""]
    saved: Float[Tensor, "2"]

    def __init__(self, options: AdaptiveOptions) -> None:
        super().__init__()
        self.target, self.speed, self.furthest = options.target, options.speed, math.log(options.limit)
        self.register_buffer("lead", torch.zeros(()))
        self.register_buffer("saved", torch.zeros(2))

    def turn(self) -> Turn:
        """Each network that has saved up a whole step; one of the two always has."""
        discriminator, generator = (self.saved + self._income() >= 1 - 1e-6).tolist()
        return Turn(discriminator, generator)

    def observe(self, seen: Seen) -> None:
        """Subtract the steps that were taken, and adapt to the discriminator's accuracy on reals."""
        taken = torch.tensor(["loss_d" in seen, "loss_g" in seen], dtype=torch.float32)
        self.saved.copy_((self.saved + self._income() - taken).clamp(0, 1))
        if "real_accuracy" in seen:
            error = self.target - seen["real_accuracy"].cpu()
            if bool(torch.isfinite(error)):
                self.lead.copy_((self.lead + self.speed * error).clamp(-self.furthest, self.furthest))

    def status(self) -> Mapping[str, float]:
        """The current ratio, for the console: discriminator steps for each step of the generator."""
        return {"d_per_g": self.lead.exp().item()}

    def _income(self) -> Float[Tensor, "2"]:
        """Steps of discriminator and generator for each batch: 1 for the network that is behind, less for the other."""
        return torch.stack([self.lead.clamp(max=0).exp(), (-self.lead).clamp(max=0).exp()])


def _running(mean: Float[Tensor, ""], value: Float[Tensor, ""]) -> Float[Tensor, ""]:
    value = value.cpu()
    if not bool(torch.isfinite(value)):  # that step was skipped
        return mean
    return torch.lerp(value, mean, MEMORY) if bool(torch.isfinite(mean)) else value
