"""Frozen parameters: what was built with requires_grad False stays exactly as it is."""

from collections.abc import Iterator

from torch import Tensor

from gantool.api.networks import Gan
from gantool.engine.distributed import World
from gantool.run.prepare import build_game
from gantool.testing.growing import clocks
from gantool.testing.networks import Case, drawn, judged, latents, networks, same, seeded, set_mode
from gantool.testing.steps import CPU, first_and_last, prepared_for, take_steps


def frozen_parameters_stay_frozen(case: Case) -> Iterator[str]:
    """Parameters that were built frozen stay frozen, and no step moves them."""
    with seeded(0):
        gan: Gan = case.settled.build(case.shape)
    frozen = _frozen(gan)
    if not frozen:
        return
    for training in (True, False, True):
        set_mode(gan, training)
        judged(gan, drawn(gan, latents(gan), case.labels()), case.labels())
    for clock in clocks(case, gan):
        gan.advance(clock)
    yield from _changed(gan, frozen, "drawing, judging, growing or a change of modes")
    prepared = prepared_for(case)
    frozen = _frozen(prepared.gan)
    game = build_game(prepared, CPU, World())
    for stage in first_and_last(prepared.stages):
        set_mode(prepared.gan, training=True)
        take_steps(case, game, stage)
    yield from _changed(prepared.gan, frozen, "a step of training by the recipe")


def _frozen(gan: Gan) -> dict[tuple[str, str], Tensor]:
    """Copies of the frozen parameters, by network and name."""
    return {
        (title, name): weight.detach().clone()
        for title, network in networks(gan)
        for name, weight in network.named_parameters()
        if not weight.requires_grad
    }


def _changed(gan: Gan, frozen: dict[tuple[str, str], Tensor], what: str) -> list[str]:
    """A sentence on the first frozen parameter that is not what it was."""
    now = {title: dict(network.named_parameters()) for title, network in networks(gan)}
    for (title, name), before in frozen.items():
        weight = now[title].get(name)
        if weight is None or weight.requires_grad:
            return [
                f"{name} of the {title} was built frozen, and {what} unfreezes it. What requires grad is decided when "
                "it is built: the optimizer knows no other weights. Set requires_grad nowhere else."
            ]
        if not same(weight.detach(), before):
            return [
                f"{name} of the {title} was built frozen, and {what} moves it. Change it nowhere in forward; a "
                "constraint leaves weights alone that require no grad; what follows the training is a buffer."
            ]
    return []
