"""The game: the discriminator's step and the generator's step, side by side."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.contracts import (
    Augmentation,
    Balance,
    Constraint,
    Critic,
    Gan,
    GeneratorPenalty,
    Images,
    Labels,
    Loss,
    Penalty,
)
from gantool.engine.distributed import World
from gantool.engine.precision import Precision

Scalars = dict[str, Float[Tensor, ""]]
"""What a step saw, still on the device: reading it would make the host wait."""


@dataclass(frozen=True)
class Game:
    """Two networks, what they play by, and how they learn.

    A batch is learnt from in `accumulate` equal parts, one after the other. Gradients longer than `clip` are shortened
    to it; 0 leaves them.
    """

    gan: Gan
    loss: Loss
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer
    penalties: tuple[Penalty, ...] = ()
    generator_penalties: tuple[GeneratorPenalty, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    augmentation: Augmentation | None = None
    balance: Balance | None = None
    precision: Precision = field(default_factory=Precision)
    world: World = field(default_factory=World)
    accumulate: int = 1
    clip: float = 0.0


def discriminator_step(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int, noise: float = 0.0
) -> Scalars:
    """Teach the discriminator real from fake; `step` counts its turns and decides which lazy penalties are due.

    `noise` is the standard deviation of instance noise on all it sees (Sonderby et al. 2017).
    """

    def loss_of(batch: Tensor, labels: Labels) -> tuple[Tensor, Scalars]:
        gan, critic, shown = game.gan, _critic(game), _shown(game, len(batch), noise)
        with torch.no_grad():
            fake = shown(_generate(game, batch, labels))
            real = shown(gan.view(batch))
        real_logits, fake_logits = critic(real, labels), critic(fake, labels)
        loss = game.loss.discriminator(real_logits, fake_logits).mean()
        scalars = {"loss_d": loss.detach(), **_accuracies(game.loss, real_logits.detach(), fake_logits.detach())}
        for penalty in game.penalties:
            if step % penalty.every == 0:
                loss = loss + _weighed(penalty, penalty(gan.discriminator, real, fake, labels), scalars)
        judged.append(real_logits.detach())
        return loss, scalars

    judged: list[Tensor] = []
    scalars = _learn(game, game.gan.discriminator, game.optimizer_d, loss_of, batch, labels, "d")
    if observe := getattr(game.augmentation, "observe", None):
        observe(game.world.gathered(torch.cat(judged)))
    for constraint in game.constraints:
        constraint.constrain(game.gan.discriminator)
    return scalars


def generator_step(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int = 0, noise: float = 0.0
) -> Scalars:
    """Teach the generator to pass for real, with noise of its own; the discriminator only judges."""

    def loss_of(batch: Tensor, labels: Labels) -> tuple[Tensor, Scalars]:
        gan, critic, shown = game.gan, _critic(game), _shown(game, len(batch), noise)
        fake_logits = critic(shown(_generate(game, batch, labels)), labels)
        real_logits = critic(shown(gan.view(batch)), labels) if getattr(game.loss, "pairs_real", False) else None
        loss = game.loss.generator(real_logits, fake_logits).mean()
        scalars = {"loss_g": loss.detach()}
        for penalty in game.generator_penalties:
            if step % penalty.every == 0:
                loss = loss + _weighed(penalty, penalty(gan.generator, _latents(game, batch), labels), scalars)
        return loss, scalars

    game.gan.discriminator.requires_grad_(False)
    try:
        return _learn(game, game.gan.generator, game.optimizer_g, loss_of, batch, labels, "g")
    finally:
        game.gan.discriminator.requires_grad_(True)


def _latents(game: Game, batch: Tensor) -> Tensor:
    return torch.randn(len(batch), game.gan.latent_dim, device=batch.device)


def _generate(game: Game, batch: Tensor, labels: Labels) -> Images:
    z = _latents(game, batch)
    with game.precision.autocast():
        fake: Images = game.gan.generator(z, labels)
    return tuple(level.float() for level in fake)


def _critic(game: Game) -> Critic:
    def judge(images: Images, labels: Labels) -> Tensor:
        with game.precision.autocast():
            logits: Tensor = game.gan.discriminator(images, labels)
        return logits.float()

    return judge


def _shown(game: Game, n: int, noise: float) -> Callable[[Images], Images]:
    """What the discriminator is shown of images: augmented by one draw for all of them, and disturbed."""
    augment = game.augmentation.draw(n) if game.augmentation is not None else lambda images: images

    def show(images: Images) -> Images:
        images = augment(images)
        return tuple(level + noise * torch.randn_like(level) for level in images) if noise > 0 else images

    return show


def _accuracies(loss: Loss, real_logits: Tensor, fake_logits: Tensor) -> Scalars:
    zero_decides = getattr(loss, "zero_decides", True)
    boundary = 0.0 if zero_decides else torch.cat([real_logits, fake_logits]).mean()
    return {
        "real_accuracy": (real_logits > boundary).float().mean(),
        "fake_accuracy": (fake_logits < boundary).float().mean(),
    }


def _weighed(penalty: Penalty | GeneratorPenalty, values: Tensor, scalars: Scalars) -> Tensor:
    """What a penalty adds to the loss; its plain value is noted in `scalars`."""
    value = values.mean()
    name = f"penalty_{type(penalty).__name__.lower()}"
    scalars[name] = scalars.get(name, 0.0) + value.detach()
    return penalty.weight * penalty.every * value


def _learn(
    game: Game,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss_of: Callable[[Tensor, Labels], tuple[Tensor, Scalars]],
    batch: Tensor,
    labels: Labels,
    which: str,
) -> Scalars:
    """One update of one network, or none when loss or gradient is not finite (decided on the device)."""
    optimizer.zero_grad(set_to_none=True)
    parts = []
    for part, its_labels in _parts(batch, labels, game.accumulate):
        loss, scalars = loss_of(part, its_labels)
        torch.autograd.backward(loss / game.accumulate)
        parts.append(scalars | {"_loss": loss.detach()})
    scalars = _means(parts)
    loss = game.world.average(network.parameters(), scalars.pop("_loss"))
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    if game.clip > 0:
        nn.utils.clip_grads_with_norm_(network.parameters(), game.clip, norm)
    skipped = (~(torch.isfinite(norm) & torch.isfinite(loss))).float()
    # torch's own gradient scaler speaks to fused optimizers the same way: no host synchronisation.
    optimizer.found_inf = skipped  # type: ignore[attr-defined]
    optimizer.step()
    return scalars | {f"gradient_norm_{which}": norm.detach(), f"skipped_{which}": skipped}


def _parts(batch: Tensor, labels: Labels, count: int) -> Iterator[tuple[Tensor, Labels]]:
    size = len(batch) // count
    for start in range(0, len(batch), size):
        yield batch[start : start + size], None if labels is None else labels[start : start + size]


def _means(parts: Sequence[Scalars]) -> Scalars:
    if len(parts) == 1:
        return dict(parts[0])
    return {name: torch.stack([part[name] for part in parts]).mean() for name in parts[0]}
