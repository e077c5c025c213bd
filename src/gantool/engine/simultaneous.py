"""A step of both networks at once, by the same fakes and the same judgement of them."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.networks import Labels
from gantool.engine import passes
from gantool.engine.passes import Noise
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
    learning = begun(network, optimizer), begun(gan.generator, game.optimizer_g)
    parts = [
        _gradients(game, part, its_labels, steps, noise, learning)
        for part, its_labels in parts_of(batch, labels, game.accumulate)
    ]
    scalars = ended(game, network, optimizer, [part.of_d for part in parts], "d")
    scalars |= ended(game, gan.generator, game.optimizer_g, [part.of_g for part in parts], "g")
    constrain(game, "discriminator", step_d)
    constrain(game, "generator", step_g)
    observe(game, torch.cat([part.logits for part in parts]))
    return scalars


class _Part(NamedTuple):
    """What a micro-batch leaves beside gradients: scalars of each network, and logits of reals less the boundary."""

    of_d: Scalars
    of_g: Scalars
    logits: Float[Tensor, "n"]


def _gradients(
    game: Game,
    batch: Float[Tensor, "n c h w"],
    labels: Labels,
    steps: tuple[int, int],
    noise: Noise,
    learning: tuple[list[nn.Parameter], list[nn.Parameter]],
) -> _Part:
    """Add the gradients of a micro-batch to the weights that learn; all that autograd keeps ends with this call."""
    view = passes.view_of(game, len(batch), noise)
    z = passes.latents(game, batch)
    fake = view(passes.generate(game, z, labels))
    with torch.no_grad():
        real = view(game.gan.view(batch))
    judged = passes.of_both(game, z, labels, fake, real)
    loss_d, of_d = passes.discriminator_loss(game, judged, steps[0])
    loss_g, of_g = passes.generator_loss(game, judged if game.loss.pairs_real else passes.of_fakes(judged))
    loss_g = passes.penalized(game, loss_g, batch, labels, steps[1], of_g)
    torch.autograd.backward(loss_d / game.accumulate, inputs=learning[0], retain_graph=True)
    torch.autograd.backward(loss_g / game.accumulate, inputs=learning[1])
    of_d, of_g = of_d | {"_loss": loss_d.detach()}, of_g | {"_loss": loss_g.detach()}
    return _Part(of_d, of_g, passes.above_boundary(game, judged))
