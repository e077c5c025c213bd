"""Frozen parameters: those built with requires_grad False keep their values."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gantool.api.networks import Gan
from gantool.engine.distributed import World
from gantool.run.prepare import build_game, prepare
from gantool.testing.growing import clocks
from gantool.testing.networks import Case, drawn, judged, latents, networks, same, seeded, set_mode
from gantool.testing.steps import COUNT, configured, take_steps


def frozen_parameters_stay_frozen(case: Case) -> Iterator[str]:
    """Parameters that were built frozen stay frozen, and no step moves them."""
    with seeded(0):
        gan: Gan = case.resolved.build(case.shape)
    frozen = _frozen(gan)
    if not frozen:
        return
    for training in (True, False, True):
        set_mode(gan, training)
        judged(gan, drawn(gan, latents(gan), case.labels()), case.labels())
    for clock in clocks(case, gan):
        gan.advance(clock)
    yield from _changed(gan, frozen, "drawing, judging, growing or a change of modes")
    resolved, cpu = configured(case), torch.device("cpu")
    prepared = prepare(resolved.config, resolved.components, COUNT, list(map(str, range(case.shape.classes))), cpu)
    frozen = _frozen(prepared.gan)
    game = build_game(prepared, cpu, World())
    for stage in {
        prepared.stages[0].start: prepared.stages[0],
        prepared.stages[-1].start: prepared.stages[-1],
    }.values():
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
                f"{name} of the {title} was built frozen, and {what} unfreezes it. Set requires_grad in the factory "
                "alone: the optimizer gets the weights that learn once, when the run begins."
            ]
        if not same(weight.detach(), before):
            return [
                f"{name} of the {title} was built frozen, and {what} changes it. Change it neither in forward nor in a "
                "constraint; keep statistics that follow the training in a buffer."
            ]
    return []
