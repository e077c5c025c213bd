"""Gradients: every parameter can learn in the steps of its own network."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch

from gantool.api.networks import Gan, Logits
from gantool.api.strategies import Loss, Penalty
from gantool.engine.stages import stage_at
from gantool.engine.step import Game, discriminator_step, generator_step
from gantool.testing.growing import clocks
from gantool.testing.networks import Case, awaken, drawn, latents, networks, seeded
from gantool.testing.recipe import OfSamples, pairs_reals, penalties_of


def gradients_reach_every_parameter(case: Case) -> Iterator[str]:
    """Gradients reach every parameter at some time of a run.

    Parameters at zero are given values first: behind a layer that begins at zero nothing has a gradient yet. Logits
    and terms are tried first, and the recipe's penalties, which take longer, where those leave something out.
    """
    dead, each = _dead(case, ()), list[dict[str, list[str]]]()
    if any(dead.values()) and (by_recipe := penalties_of(case)):
        each = [_dead(case, penalties) for penalties in by_recipe]
        dead = {title: [name for name in dead[title] if any(name in left[title] for left in each)] for title in dead}
    for title, names in dead.items():
        if names:
            named = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            yield (
                f"no gradient reaches {named} of the {title}{_where(title, each)}, which can never learn: in the "
                f"{title}'s own step neither logits nor terms nor the recipe's penalties depend on it. Use it in "
                "forward, detach nothing on its way, or leave it out; a constant is a buffer, and a fixed network is "
                "built with requires_grad_(False)." + (_second_output(case) if title == "discriminator" else "")
            )


def _where(title: str, dead: Sequence[Mapping[str, Sequence[str]]]) -> str:
    """The device, where the penalties of its recipe alone leave weights out: the dead are by recipe, a GPU's first."""
    places = [place for place, left in zip((" on a GPU", " on a CPU"), dead, strict=False) if left[title]]
    return places[0] if len(places) == 1 < len(dead) else ""


def _second_output(case: Case) -> str:
    """A hint where a discriminator of several heads returns two of them, of which the second counts as `more`."""
    gan = case.build()
    if type(gan).terms is not Gan.terms:
        return ""
    with torch.no_grad():
        answer = gan.networks[1](drawn(gan, latents(gan), case.labels()), case.labels())
    if not isinstance(answer, tuple):
        return ""
    return (
        " It returns (logits, more), and no terms use more: logits of several heads are one tensor [n, k], as "
        "torch.cat or torch.stack makes it."
    )


def _dead(case: Case, penalties: Sequence[Penalty]) -> dict[str, list[str]]:
    """Names of the parameters that no gradient reaches at any time, for each network."""
    gan = awaken(case.build())
    of_g, *of_d = (torch.optim.SGD(network.parameters(), lr=0.0) for network in gan.networks)
    game = Game(gan, _Weighed(pairs_reals(case)), of_g, of_d[0] if of_d else None)
    learning = {
        title: {name: weight for name, weight in network.named_parameters() if weight.requires_grad}
        for title, network in networks(gan)
    }
    alive = set[int]()
    for clock in clocks(case, gan):
        gan.advance(clock)
        for penalty in penalties:
            penalty.advance(clock)
        due = tuple(map(OfSamples, penalties))
        alive |= _played(case, replace(game, penalties=due), stage_at(case.stages(gan), clock).resolution)
    return {title: [name for name in weights if id(weights[name]) not in alive] for title, weights in learning.items()}


def _played(case: Case, game: Game, side: int) -> set[int]:
    """The ids of the weights with a gradient after either step of a run.

    Each step is looked at by itself: the generator's clears the gradients of weights that both networks share.
    """
    alive = set[int]()
    with seeded(0):
        if game.optimizer_d is not None:
            discriminator_step(game, case.reals(side), case.labels(), step=0)
            alive |= _with_gradient(game)
        generator_step(game, case.reals(side), case.labels(), step=0)
    return alive | _with_gradient(game)


def _with_gradient(game: Game) -> set[int]:
    weights = [weight for network in game.gan.networks for weight in network.parameters()]
    return {id(weight) for weight in weights if weight.grad is not None and bool(weight.grad.any())}


class _Weighed(Loss):
    """The sum of logits, weighed by sample: with equal weights, batch normalisation would cancel them."""

    def __init__(self, pairs_real: bool) -> None:
        self.pairs_real = pairs_real

    def discriminator(self, real_logits: Logits, fake_logits: Logits) -> Logits:
        """Both of them, with the same sign: a last bias counts."""
        return self.generator(None, real_logits) + self.generator(None, fake_logits)

    def generator(self, real_logits: Logits | None, fake_logits: Logits) -> Logits:
        """Those of fakes."""
        return fake_logits * torch.linspace(1, 2, len(fake_logits))
