"""The training step: the discriminator's step and the generator's step, side by side."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.networks import Gan, Labels, Seen
from gantool.api.strategies import Augmentation, Balance, Loss, Penalty
from gantool.engine import passes, updates
from gantool.engine.chance import Chance
from gantool.engine.distributed import World
from gantool.engine.passes import Judged, Noise
from gantool.engine.precision import Precision
from gantool.engine.updates import Scalars, gradients
from gantool.errors import TrainingError

Updates = Literal["alternating", "simultaneous"]
"""Whether the generator learns by the discriminator after its step, or both by each other as they were before."""


@dataclass(frozen=True)
class Game:
    """Networks, components and optimizers of a training step; one network where the generator has no adversary.

    `accumulate` splits each batch into equal micro-batches. `clip` is the largest gradient norm; 0 disables clipping.
    """

    gan: Gan
    loss: Loss
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer | None
    penalties: tuple[Penalty, ...] = ()
    augmentation: Augmentation | None = None
    balance: Balance | None = None
    precision: Precision = field(default_factory=Precision)
    world: World = field(default_factory=World)
    accumulate: int = 1
    clip: float = 0.0
    updates: Updates = "alternating"

    @property
    def optimizers(self) -> tuple[torch.optim.Optimizer, ...]:
        """That of the generator, and that of the discriminator where there is one."""
        return (self.optimizer_g,) if self.optimizer_d is None else (self.optimizer_g, self.optimizer_d)

    @cached_property
    def chance(self) -> Chance:
        """The randomness of this process's steps."""
        return Chance(self.world)

    def due(self, side: str, step: int) -> Iterator[Penalty]:
        """The penalties of one side that are due in this step of its network."""
        return (penalty for penalty in self.penalties if penalty.side == side and step % penalty.every == 0)


def discriminator_step(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int, noise: Noise = 0.0
) -> Scalars:
    """One step of the discriminator; `step` counts its steps and decides which lazy penalties are due.

    `noise` is the standard deviation of instance noise on all it sees (Sonderby et al. 2017).
    """
    scalars, logits = discriminator_gradients(game, batch, labels, step, noise)
    learn(game, "discriminator", step, scalars)
    observe(game, logits)
    return scalars


def observe(game: Game, logits: Float[Tensor, "n"]) -> None:
    """Let the augmentation adapt to the logits of reals, of all processes."""
    if game.augmentation is not None:
        game.augmentation.observe(game.world.gathered(logits))


def discriminator_gradients(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int, noise: Noise = 0.0
) -> tuple[Scalars, Float[Tensor, "n"]]:
    """The discriminator's step up to its update: scalars, and the logits of reals less the boundary."""
    gan = game.gan
    network, optimizer = gan.discriminator, game.optimizer_d
    if network is None or optimizer is None:
        raise TrainingError("There is no discriminator to train.")
    judged: list[Tensor] = []

    def loss_of(batch: Tensor, labels: Labels) -> tuple[Tensor, Scalars]:
        view = passes.view_of(game, len(batch), noise)
        with torch.no_grad():
            z = passes.latents(game, batch)
            fake = view(passes.generate(game, z, labels))
            real = view(gan.view(batch))
        of_both = passes.of_both(game, z, labels, fake, real)
        judged.append(passes.above_boundary(game, of_both))
        return passes.discriminator_loss(game, of_both, step)

    scalars = gradients(game, network, optimizer, loss_of, batch, labels, "d")
    return scalars, torch.cat(judged)


def generator_step(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int = 0, noise: Noise = 0.0
) -> Scalars:
    """One step of the generator, with noise of its own; the discriminator, if there is one, stays as it is."""
    scalars = generator_gradients(game, batch, labels, step, noise)
    learn(game, "generator", step, scalars)
    return scalars


def generator_gradients(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int = 0, noise: Noise = 0.0
) -> Scalars:
    """The generator's step up to its update."""
    gan = game.gan

    def loss_of(batch: Tensor, labels: Labels) -> tuple[Tensor, Scalars]:
        view = passes.view_of(game, len(batch), noise)
        z = passes.latents(game, batch)
        fake = view(passes.generate(game, z, labels))
        if gan.discriminator is None:
            scalars: Scalars = {}
            terms = passes.terms_of(gan, "generator", Seen(z, labels, fake, gan.view(batch)), scalars)
            loss = sum(terms, start=torch.zeros((), device=batch.device))
            scalars["loss_g"] = loss.detach()
        else:
            fake_logits, of_fake = passes.judge(game, fake, labels)
            real = view(gan.view(batch)) if game.loss.pairs_real else None
            real_logits, of_real = (None, None) if real is None else passes.judge(game, real, labels)
            seen = Seen(z, labels, fake, real, of_fake, of_real)
            loss, scalars = passes.generator_loss(game, Judged(seen, fake_logits, real_logits))
        loss = passes.penalized(game, loss, batch, labels, step, scalars)
        return loss, scalars

    with _at_rest(gan.discriminator):
        return gradients(game, gan.generator, game.optimizer_g, loss_of, batch, labels, "g")


def learn(game: Game, side: str, step: int, scalars: Scalars) -> None:
    """The end of a network's step: the update by its gradients, unless it is skipped, and its constraints."""
    optimizer = game.optimizer_g if side == "generator" else game.optimizer_d
    assert optimizer is not None
    updates.update(optimizer, scalars[f"skipped_{side[0]}"])
    constrain(game, side, step)


def constrain(game: Game, side: str, step: int) -> None:
    """Apply the constraints of one network's weights that are due in this step of it."""
    network = game.gan.generator if side == "generator" else game.gan.discriminator
    assert network is not None
    for penalty in game.due(f"{side} weights", step):
        penalty.constrain(network)


@contextmanager
def _at_rest(network: nn.Module | None) -> Iterator[None]:
    """No gradients for a network's weights; those that were frozen before stay so afterwards."""
    learning = [] if network is None else [weight for weight in network.parameters() if weight.requires_grad]
    for weight in learning:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in learning:
            weight.requires_grad_(True)
