"""The game: the discriminator's step and the generator's step, side by side."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.contracts import Augmentation, Critic, Gan, Images, Labels, Loss, Penalty
from gantool.engine.distributed import World
from gantool.engine.precision import Precision

Scalars = dict[str, Float[Tensor, ""]]
"""What a step saw, still on the device: reading it would make the host wait."""


@dataclass(frozen=True)
class Game:
    """Two networks, what they play by, and how they learn."""

    gan: Gan
    loss: Loss
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer
    penalties: tuple[Penalty, ...] = ()
    augmentation: Augmentation | None = None
    precision: Precision = field(default_factory=Precision)
    world: World = field(default_factory=World)


def discriminator_step(game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int) -> Scalars:
    """Teach the discriminator real from fake; `step` counts from 0 and decides which lazy penalties are due."""
    gan, critic, augment = game.gan, _critic(game), _augment(game, len(batch))
    with torch.no_grad():
        fake = augment(_generate(game, batch, labels))
        real = augment(gan.view(batch))
    real_logits, fake_logits = critic(real, labels), critic(fake, labels)
    loss = game.loss.discriminator(real_logits, fake_logits).mean()
    zero_decides = getattr(game.loss, "zero_decides", True)
    boundary = 0.0 if zero_decides else torch.cat([real_logits, fake_logits]).detach().mean()
    scalars = {
        "loss_d": loss.detach(),
        "real_accuracy": (real_logits.detach() > boundary).float().mean(),
        "fake_accuracy": (fake_logits.detach() < boundary).float().mean(),
    }
    for penalty in game.penalties:
        if step % penalty.every == 0:
            value = penalty(gan.discriminator, real, fake, labels).mean()
            loss = loss + penalty.weight * penalty.every * value
            name = f"penalty_{type(penalty).__name__.lower()}"
            scalars[name] = scalars.get(name, 0.0) + value.detach()
    return scalars | _learn(game, gan.discriminator, game.optimizer_d, loss, "d")


def generator_step(game: Game, batch: Float[Tensor, "n c h w"], labels: Labels) -> Scalars:
    """Teach the generator to pass for real, with noise of its own; the discriminator only judges."""
    gan, critic, augment = game.gan, _critic(game), _augment(game, len(batch))
    gan.discriminator.requires_grad_(False)
    try:
        fake_logits = critic(augment(_generate(game, batch, labels)), labels)
        real_logits = critic(augment(gan.view(batch)), labels) if getattr(game.loss, "pairs_real", False) else None
        loss = game.loss.generator(real_logits, fake_logits).mean()
        scalars = {"loss_g": loss.detach()}
        return scalars | _learn(game, gan.generator, game.optimizer_g, loss, "g")
    finally:
        gan.discriminator.requires_grad_(True)


def _generate(game: Game, batch: Tensor, labels: Labels) -> Images:
    z = torch.randn(len(batch), game.gan.latent_dim, device=batch.device)
    with game.precision.autocast():
        fake: Images = game.gan.generator(z, labels)
    return tuple(level.float() for level in fake)


def _critic(game: Game) -> Critic:
    def judge(images: Images, labels: Labels) -> Tensor:
        with game.precision.autocast():
            logits: Tensor = game.gan.discriminator(images, labels)
        return logits.float()

    return judge


def _augment(game: Game, n: int) -> Callable[[Images], Images]:
    return game.augmentation.draw(n) if game.augmentation is not None else lambda images: images


def _learn(
    game: Game, network: nn.Module, optimizer: torch.optim.Optimizer, loss: Float[Tensor, ""], which: str
) -> Scalars:
    """One update of one network, or none when loss or gradient is not finite (decided on the device)."""
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    loss = game.world.average(network.parameters(), loss)
    norm = nn.utils.get_total_norm([p.grad for p in network.parameters() if p.grad is not None])
    skipped = (~(torch.isfinite(norm) & torch.isfinite(loss.detach()))).float()
    # torch's own gradient scaler speaks to fused optimizers the same way: no host synchronisation.
    optimizer.found_inf = skipped  # type: ignore[attr-defined]
    optimizer.step()
    return {f"gradient_norm_{which}": norm.detach(), f"skipped_{which}": skipped}
