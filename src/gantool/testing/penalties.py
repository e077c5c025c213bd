"""The checks of a penalty, on either side."""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from gantool.api.specs import Component
from gantool.engine.trial import try_penalty, try_state
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.constraints import CONSTRAINING, frozen_weights_stay, weights_stay_bounded
from gantool.testing.faults import Fault, placed
from gantool.testing.homes import grounds
from gantool.testing.networks import same
from gantool.testing.penalty_trials import PenaltyTrial, torch_is_not_seeded
from gantool.testing.seeding import repeats
from gantool.testing.trials import REMEDY, faults_by, used_and_restored

CPU = torch.device("cpu")


def it_keeps_the_contract(trial: PenaltyTrial) -> Iterator[str]:
    """It gives one value per sample with a gradient to the weights, and leaves the pictures as they are."""
    penalty, title = trial.new, trial.component.title
    try_state(penalty, title)
    try_penalty(penalty, title, trial.gan, trial.shape, CPU)
    yield from ()


def values_and_slopes_are_finite(trial: PenaltyTrial) -> Iterator[str]:
    """Its values are finite and float32, and so are their gradients, even where the network is flat."""
    network = trial.network()
    flat = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in flat.parameters():
            parameter.zero_()
    for each, words in ((network, "a network as it is built"), (flat, "a network whose weights are all 0")):
        if each is flat and not trial.is_finite(flat):
            return  # one that divides by its weights, as spectral normalisation does
        values = trial.values(trial.new, each)
        if values.dtype != torch.float32:
            yield f"its values are {str(values.dtype).removeprefix('torch.')}; keep the float32 of its arguments."
            return
        slopes = torch.autograd.grad(values.mean(), list(each.parameters()), allow_unused=True)
        if not all(bool(torch.isfinite(one).all()) for one in (values, *slopes) if one is not None):
            yield (
                f"its values or their gradients by the weights are not finite, for {words}. The root of 0 has an "
                "infinite slope: add a small number under it."
            )
            return
        positive = isinstance(trial.component.spec, Component) and "slope" in trial.component.spec.traits
        if positive and float(values.detach().min()) < 0:
            yield (
                "its values fall below 0, and its trait 'slope' promises a squared gradient. Take the square, or "
                "drop the trait."
            )
            return


def gradients_reach_the_weights(trial: PenaltyTrial) -> Iterator[str]:
    """Its gradient by the weights is not 0."""
    network = trial.network()
    values = trial.values(trial.new, network)
    slopes = torch.autograd.grad(values.mean(), list(network.parameters()), allow_unused=True)
    if not any(slope is not None and bool(slope.any()) for slope in slopes):
        yield (
            "its gradient by every weight is 0, so the network learns nothing by it. Take gradients by pictures with "
            "create_graph=True, and detach nothing after that."
        )


def the_network_is_left_alone(trial: PenaltyTrial) -> Iterator[str]:
    """Calling it changes no weight, no gradient and no mode of the network."""
    network = trial.network()
    before = copy.deepcopy(network)
    trial.values(trial.new, network)
    for (name, one), (_, other) in zip(network.named_parameters(), before.named_parameters(), strict=True):
        changed = (
            not same(one.detach(), other.detach()) or one.grad is not None or one.requires_grad != other.requires_grad
        )
        if changed:
            yield (
                f"it changes its network ({name}: its value, .grad or requires_grad). Use "
                "torch.autograd.grad, which leaves .grad alone; only the step changes weights."
            )
            return
    if [module.training for module in network.modules()] != [module.training for module in before.modules()]:
        yield "it leaves the network in another mode. Do not call train() or eval() on it."


def a_seed_gives_the_same_values(trial: PenaltyTrial) -> Iterator[str]:
    """Under the same seed of torch's it gives the same values."""
    network = trial.network()
    if not repeats(lambda: trial.values(trial.new, copy.deepcopy(network)).detach()):  # a copy, which may count calls
        yield "it gives other values under the same seed of torch's. Draw noise by torch, not by numpy or random."


def state_comes_back(trial: PenaltyTrial) -> Iterator[str]:
    """With its state restored, it gives the values it would have given."""
    network = trial.network()

    def use(penalty: Any) -> Tensor:
        return trial.values(penalty, copy.deepcopy(network)).detach()  # of a network that may count its calls

    used, again = used_and_restored(lambda: trial.new, use)
    if not same(use(used), use(again)):
        yield f"it holds state that is not saved: {REMEDY}"


def state_stays_finite(trial: PenaltyTrial) -> Iterator[str]:
    """Its buffers stay finite when a step is not."""
    penalty = trial.new
    if not isinstance(penalty, nn.Module):
        return
    trial.values(penalty, trial.network())
    trial.values(penalty, trial.network(), scale=float("nan"))
    odd = [name for name, buffer in penalty.named_buffers() if not bool(torch.isfinite(buffer).all())]
    if odd:
        yield (
            f"its buffer {odd[0]} is not finite after a step that was not: such a step is skipped, and must leave "
            "no trace. Keep the old value where the new one is not finite (torch.where)."
        )


VALUED = (
    values_and_slopes_are_finite,
    gradients_reach_the_weights,
    the_network_is_left_alone,
    a_seed_gives_the_same_values,
    state_comes_back,
    state_stays_finite,
    torch_is_not_seeded,
)
PROPERTIES = (*VALUED, weights_stay_bounded, frozen_weights_stay)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of a penalty of any form."""
    trials = [
        (words, PenaltyTrial(component, plugins, gan, shape)) for words, gan, shape in grounds(component, plugins)
    ]
    return placed(
        (words, faults_by(it_keeps_the_contract, CONSTRAINING if trial.is_constraint else VALUED, trial))
        for words, trial in trials
    )
