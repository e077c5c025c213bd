"""The training step: the discriminator's step and the generator's step, side by side."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.networks import Gan, Images, Labels, Seen
from gantool.api.strategies import Augmentation, Balance, Loss, Penalty
from gantool.engine.chance import Chance
from gantool.engine.distributed import World
from gantool.engine.judging import PerImage, parted, per_image
from gantool.engine.precision import Precision
from gantool.engine.updates import Scalars, learn
from gantool.errors import TrainingError

Noise = float | Float[Tensor, ""]
"""A standard deviation of instance noise; as a tensor it is above 0, since reading it would make the host wait."""


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
    scalars, logits = discriminator_update(game, batch, labels, step, noise)
    observe(game, logits)
    return scalars


def observe(game: Game, logits: Float[Tensor, "n"]) -> None:
    """Let the augmentation adapt to the logits of reals, of all processes."""
    if game.augmentation is not None:
        game.augmentation.observe(game.world.gathered(logits))


def discriminator_update(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int, noise: Noise = 0.0
) -> tuple[Scalars, Float[Tensor, "n"]]:
    """The discriminator's step itself: its scalars, and the logits of reals less the boundary."""
    gan = game.gan
    network, optimizer = gan.discriminator, game.optimizer_d
    if network is None or optimizer is None:
        raise TrainingError("There is no discriminator to train.")
    judged: list[Tensor] = []

    def loss_of(batch: Tensor, labels: Labels) -> tuple[Tensor, Scalars]:
        view = _discriminator_view(game, len(batch), noise)
        with torch.no_grad():
            z = _latents(game, batch)
            fake = view(_generate(game, z, labels))
            real = view(gan.view(batch))
        (real_logits, of_real), (fake_logits, of_fake) = _judge(game, real, labels), _judge(game, fake, labels)
        loss = game.loss.discriminator(real_logits.flatten(), fake_logits.flatten()).mean()
        real_logit, fake_logit = per_image(real_logits.detach()), per_image(fake_logits.detach())
        scalars = {"loss_d": loss.detach(), **_accuracies(game.loss, real_logit, fake_logit)}
        loss = sum(_terms(gan, "discriminator", Seen(z, labels, fake, real, of_fake, of_real), scalars), start=loss)
        for penalty in game.due("discriminator", step):
            loss = loss + _weighed(penalty, penalty(PerImage(network), real, fake, labels), scalars)
        judged.append(real_logit - (game.loss.boundary or 0.0))
        return loss, scalars

    scalars = learn(game, network, optimizer, loss_of, batch, labels, "d")
    for penalty in game.due("discriminator weights", step):
        penalty.constrain(network)
    return scalars, torch.cat(judged)


def generator_step(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, step: int = 0, noise: Noise = 0.0
) -> Scalars:
    """One step of the generator, with noise of its own; the discriminator, if there is one, stays as it is."""
    gan = game.gan

    def loss_of(batch: Tensor, labels: Labels) -> tuple[Tensor, Scalars]:
        view = _discriminator_view(game, len(batch), noise)
        z = _latents(game, batch)
        fake = view(_generate(game, z, labels))
        if gan.discriminator is None:
            scalars: Scalars = {}
            terms = _terms(gan, "generator", Seen(z, labels, fake, gan.view(batch)), scalars)
            loss = sum(terms, start=torch.zeros((), device=batch.device))
            scalars["loss_g"] = loss.detach()
        else:
            fake_logits, of_fake = _judge(game, fake, labels)
            real = view(gan.view(batch)) if game.loss.pairs_real else None
            real_logits, of_real = (None, None) if real is None else _judge(game, real, labels)
            paired = None if real_logits is None else real_logits.flatten()
            loss = game.loss.generator(paired, fake_logits.flatten()).mean()
            scalars = {"loss_g": loss.detach()}
            loss = sum(_terms(gan, "generator", Seen(z, labels, fake, real, of_fake, of_real), scalars), start=loss)
        for penalty in game.due("generator", step):
            loss = loss + _weighed(penalty, penalty(gan.generator, _latents(game, batch), labels), scalars)
        return loss, scalars

    with _at_rest(gan.discriminator):
        scalars = learn(game, gan.generator, game.optimizer_g, loss_of, batch, labels, "g")
    for penalty in game.due("generator weights", step):
        penalty.constrain(gan.generator)
    return scalars


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


def _latents(game: Game, batch: Tensor) -> Tensor:
    return game.chance.latents(len(batch), game.gan.latent_dim, batch.device)


def _generate(game: Game, z: Tensor, labels: Labels) -> Images:
    with game.precision.autocast():
        fake: Images = game.gan.generator(z, labels)
    return tuple(level.float() for level in fake)


def _judge(game: Game, images: Images, labels: Labels) -> tuple[Float[Tensor, "n *k"], object]:
    """Logits in float32, and whatever else the discriminator returned."""
    assert game.gan.discriminator is not None
    with game.precision.autocast():
        logits, more = parted(game.gan.discriminator(images, labels))
    return logits.float(), more


def _discriminator_view(game: Game, n: int, noise: Noise) -> Callable[[Images], Images]:
    """Images as the discriminator sees them: augmented by one draw for all of them, with instance noise."""
    if game.gan.discriminator is None:
        return lambda images: images
    augment = game.augmentation.draw(n) if game.augmentation is not None else lambda images: images

    def view(images: Images) -> Images:
        images = augment(images)
        if isinstance(noise, float) and noise <= 0:
            return images
        return tuple(level + noise * torch.randn_like(level) for level in images)

    return view


def _accuracies(loss: Loss, real_logits: Tensor, fake_logits: Tensor) -> Scalars:
    boundary = torch.cat([real_logits, fake_logits]).mean() if loss.boundary is None else loss.boundary
    return {
        "real_accuracy": (real_logits > boundary).float().mean(),
        "fake_accuracy": (fake_logits < boundary).float().mean(),
    }


def _terms(gan: Gan, side: str, seen: Seen, scalars: Scalars) -> list[Tensor]:
    """The means of the architecture's own terms; each is noted in `scalars`."""
    means = {name: values.float().mean() for name, values in gan.terms(side, seen).items()}
    scalars.update((name, mean.detach()) for name, mean in means.items())
    return list(means.values())


def _weighed(penalty: Penalty, values: Tensor, scalars: Scalars) -> Tensor:
    """The weighted term that a penalty adds to the loss; its plain value goes to `scalars`."""
    value = values.mean()
    name = f"penalty_{penalty.component_name or type(penalty).__name__.lower()}"
    scalars[name] = scalars.get(name, 0.0) + value.detach()
    return penalty.weight * penalty.every * value
