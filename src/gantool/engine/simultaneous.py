"""A step of both networks at once, by the same fakes and the same judgement of them."""

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.networks import Labels
from gantool.engine import passes
from gantool.engine.passes import Judged, Noise
from gantool.engine.step import Game, constrain, observe
from gantool.engine.updates import Scalars, begun, ended, parts_of
from gantool.errors import TrainingError


def simultaneous_step(
    game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, steps: tuple[int, int], noise: Noise = 0.0
) -> Scalars:
    """A step of each network by the other as it was before (Mescheder et al. 2017, algorithm 1).

    Fakes are drawn and judged once for both, which spares a pass of either network. `steps` counts those of the
    discriminator and of the generator.
    """
    gan, (step_d, step_g) = game.gan, steps
    network, optimizer = gan.discriminator, game.optimizer_d
    if network is None or optimizer is None:
        raise TrainingError("There is no discriminator to train.")
    learns_d, learns_g = begun(network, optimizer), begun(gan.generator, game.optimizer_g)
    parts_d, parts_g, logits = list[Scalars](), list[Scalars](), list[Tensor]()
    for part, its_labels in parts_of(batch, labels, game.accumulate):
        judged = _judged(game, part, its_labels, noise)
        logits.append(passes.above_boundary(game, judged))
        loss_d, scalars_d = passes.discriminator_loss(game, judged, step_d)
        loss_g, scalars_g = passes.generator_loss(game, judged if game.loss.pairs_real else passes.of_fakes(judged))
        loss_g = passes.penalized(game, loss_g, part, its_labels, step_g, scalars_g)
        torch.autograd.backward(loss_d / game.accumulate, inputs=learns_d, retain_graph=True)
        torch.autograd.backward(loss_g / game.accumulate, inputs=learns_g)
        parts_d.append(scalars_d | {"_loss": loss_d.detach()})
        parts_g.append(scalars_g | {"_loss": loss_g.detach()})
    scalars = ended(game, network, optimizer, parts_d, "d") | ended(game, gan.generator, game.optimizer_g, parts_g, "g")
    constrain(game, "discriminator", step_d)
    constrain(game, "generator", step_g)
    observe(game, torch.cat(logits))
    return scalars


def _judged(game: Game, batch: Float[Tensor, "n c h w"], labels: Labels, noise: Noise) -> Judged:
    """Reals, and fakes whose way from the generator is kept, as the discriminator judges them."""
    view = passes.view_of(game, len(batch), noise)
    z = passes.latents(game, batch)
    fake = view(passes.generate(game, z, labels))
    with torch.no_grad():
        real = view(game.gan.view(batch))
    return passes.of_both(game, z, labels, fake, real)
