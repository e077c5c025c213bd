"""Balance strategies: whose turn it is, decided from what was seen so far, which is kept in buffers on the host.

Those that watch the discriminator read a number from the device at each step, which makes the host wait for it.
"""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.strategies import Balance, Turn
from gantool.builtin.balance import AdaptiveOptions, FixedOptions, SkipDOptions, TturOptions

MEMORY = 0.9
"""Of the running means: a batch counts for a tenth."""

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
        """Both, always."""
        return Turn()

    def observe(self, seen: Seen) -> None:
        """Nothing to remember."""


class SkipDiscriminator(nn.Module, Balance):
    """The discriminator rests while the running mean of its loss is below a bound.

    Its loss is seen only where it learns. It learns from a `floor` share of the batches at the least, or one that won
    once would rest for ever: `rested` counts the batches since, of which each turn pays for `1 / floor`.
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
        """The generator's alone while the discriminator's loss is too low and it has not rested for too long."""
        due = self.rested.item() + 1 >= self.turn_costs - 1e-4
        return Turn(discriminator=due or not self.loss.item() < self.below)

    def observe(self, seen: Seen) -> None:
        """Note the discriminator's loss, or that it rested."""
        self.rested += 1
        if "loss_d" not in seen:
            return
        self.rested.copy_((self.rested - self.turn_costs).clamp(min=0))
        self.loss.copy_(_running(self.loss, seen["loss_d"]))


class Adaptive(nn.Module, Balance):
    """Shares out turns so that the discriminator is right on a `target` share of reals.

    `lead` is the logarithm of how many batches the discriminator learns from for each of the generator's; it falls
    while the discriminator is right too often and rises while it is not. Who has less than one turn a batch saves up.
    """

    lead: Float[Tensor, ""]
    saved: Float[Tensor, "2"]

    def __init__(self, options: AdaptiveOptions) -> None:
        super().__init__()
        self.target, self.speed, self.furthest = options.target, options.speed, math.log(options.limit)
        self.register_buffer("lead", torch.zeros(()))
        self.register_buffer("saved", torch.zeros(2))

    def turn(self) -> Turn:
        """Whoever has saved up a turn; one of the two always has."""
        discriminator, generator = (self.saved + self._income() >= 1 - 1e-6).tolist()
        return Turn(discriminator, generator)

    def observe(self, seen: Seen) -> None:
        """Pay for the turns that were played, and follow the discriminator's accuracy on reals."""
        played = torch.tensor(["loss_d" in seen, "loss_g" in seen], dtype=torch.float32)
        self.saved.copy_((self.saved + self._income() - played).clamp(0, 1))
        if "real_accuracy" in seen:
            error = self.target - seen["real_accuracy"].cpu()
            if bool(torch.isfinite(error)):
                self.lead.copy_((self.lead + self.speed * error).clamp(-self.furthest, self.furthest))

    def status(self) -> Mapping[str, float]:
        """What the console shows of it: how many batches the discriminator learns from for each of the generator's."""
        return {"d_per_g": self.lead.exp().item()}

    def _income(self) -> Float[Tensor, "2"]:
        """Turns of discriminator and generator a batch: 1 for the one that is behind, and less for the other."""
        return torch.stack([self.lead.clamp(max=0).exp(), (-self.lead).clamp(max=0).exp()])


def _running(mean: Float[Tensor, ""], value: Float[Tensor, ""]) -> Float[Tensor, ""]:
    value = value.cpu()
    if not bool(torch.isfinite(value)):  # that step was skipped
        return mean
    return torch.lerp(value, mean, MEMORY) if bool(torch.isfinite(mean)) else value
