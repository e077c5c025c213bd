"""What both networks do in a step, and their losses of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.networks import Gan, Images, Labels, Seen
from gantool.api.strategies import Loss, Penalty
from gantool.engine.judging import PerImage, parted, per_image
from gantool.engine.updates import Scalars

if TYPE_CHECKING:
    from gantool.engine.step import Game

Noise = float | Float[Tensor, ""]
"""A standard deviation of instance noise; as a tensor it is above 0, since reading it would make the host wait."""


class Judged(NamedTuple):
    """The pictures of a step and their logits; those of reals are None where none was judged."""

    seen: Seen
    fakes: Float[Tensor, "n *k"]
    reals: Float[Tensor, "n *k"] | None


def of_both(game: "Game", z: Tensor, labels: Labels, fake: Images, real: Images) -> Judged:
    """Reals and fakes, as the discriminator sees them, with its judgement of both."""
    (real_logits, of_real), (fake_logits, of_fake) = judge(game, real, labels), judge(game, fake, labels)
    return Judged(Seen(z, labels, fake, real, of_fake, of_real), fake_logits, real_logits)


def of_fakes(both: Judged) -> Judged:
    """Without what a step of the generator has not seen of reals."""
    return Judged(replace(both.seen, real=None, of_real=None), both.fakes, None)


def above_boundary(game: "Game", judged: Judged) -> Float[Tensor, "n"]:
    """One logit for each real, less the boundary of the loss."""
    assert judged.reals is not None
    reals = per_image(judged.reals.detach())
    return reals - _boundary(game.loss, reals, per_image(judged.fakes.detach()))


def discriminator_loss(game: "Game", judged: Judged, step: int) -> tuple[Tensor, Scalars]:
    """The loss of reals and fakes with the architecture's terms and the penalties that are due in this step."""
    seen, reals, fakes, network = judged.seen, judged.reals, judged.fakes, game.gan.discriminator
    assert reals is not None
    assert seen.real is not None
    assert network is not None
    loss = game.loss.discriminator(reals.flatten(), fakes.flatten()).mean()
    scalars = {"loss_d": loss.detach()}
    scalars |= _accuracies(game.loss, per_image(reals.detach()), per_image(fakes.detach()))
    fake = tuple(level.detach() for level in seen.fake)
    loss = sum(terms_of(game.gan, "discriminator", replace(seen, fake=fake), scalars), start=loss)
    for penalty in game.due("discriminator", step):
        loss = loss + _weighed(penalty, penalty(PerImage(network), seen.real, fake, seen.labels), scalars)
    return loss, scalars


def generator_loss(game: "Game", judged: Judged) -> tuple[Tensor, Scalars]:
    """The loss of fakes, beside reals where it pairs them, with the architecture's terms."""
    paired = None if judged.reals is None else judged.reals.flatten()
    loss = game.loss.generator(paired, judged.fakes.flatten()).mean()
    scalars = {"loss_g": loss.detach()}
    return sum(terms_of(game.gan, "generator", judged.seen, scalars), start=loss), scalars


def penalized(game: "Game", loss: Tensor, batch: Tensor, labels: Labels, step: int, scalars: Scalars) -> Tensor:
    """The generator's loss with the penalties that are due in this step."""
    for penalty in game.due("generator", step):
        loss = loss + _weighed(penalty, penalty(game.gan.generator, latents(game, batch), labels), scalars)
    return loss


def latents(game: "Game", batch: Tensor) -> Float[Tensor, "n d"]:
    """z for a batch."""
    return game.chance.latents(len(batch), game.gan.latent_dim, batch.device)


def generate(game: "Game", z: Tensor, labels: Labels) -> Images:
    """Fakes, in float32."""
    with game.precision.autocast():
        fake: Images = game.gan.generator(z, labels)
    return tuple(level.float() for level in fake)


def judge(game: "Game", images: Images, labels: Labels) -> tuple[Float[Tensor, "n *k"], object]:
    """Logits in float32, and whatever else the discriminator returned."""
    assert game.gan.discriminator is not None
    with game.precision.autocast():
        logits, more = parted(game.gan.discriminator(images, labels))
    return logits.float(), more


def view_of(game: "Game", n: int, noise: Noise) -> Callable[[Images], Images]:
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


def _boundary(loss: Loss, real_logits: Tensor, fake_logits: Tensor) -> Tensor | float:
    """The logit between reals and fakes: for a loss that only compares logits, the middle between both means."""
    return (real_logits.mean() + fake_logits.mean()) / 2 if loss.boundary is None else loss.boundary


def _accuracies(loss: Loss, real_logits: Tensor, fake_logits: Tensor) -> Scalars:
    boundary = _boundary(loss, real_logits, fake_logits)
    return {
        "real_accuracy": (real_logits > boundary).float().mean(),
        "fake_accuracy": (fake_logits < boundary).float().mean(),
    }


def terms_of(gan: Gan, side: str, seen: Seen, scalars: Scalars) -> list[Tensor]:
    """The means of the architecture's own terms; each is noted in `scalars`."""
    means = {name: values.float().mean() for name, values in gan.terms(side, seen).items()}
    scalars.update((name, mean.detach()) for name, mean in means.items())
    return list(means.values())


def _weighed(penalty: Penalty, values: Tensor, scalars: Scalars) -> Tensor:
    """The weighted term that a penalty adds to the loss; its plain value goes to `scalars`."""
    value = values.mean()
    name = f"penalty_{penalty.component_name or type(penalty).__name__.lower()}"
    scalars[name] = scalars.get(name, 0.0) + value.detach()
    return _times(penalty.weight * penalty.every, value)


def _times(weight: float | Tensor, value: Tensor) -> Tensor:
    """The product; a weight that is read from memory is rounded as a number is."""
    return (weight.to(value.dtype) if isinstance(weight, Tensor) else weight) * value
