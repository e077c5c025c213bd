"""The checks of a constraint, which changes weights and has no value."""

import copy
from collections.abc import Iterator

import torch

from gantool.testing.networks import same
from gantool.testing.penalty_trials import PenaltyTrial, torch_is_not_seeded
from gantool.testing.weights import largest, pairs_of, replaced

GROWN = 1000.0
CALLS, FAR = 32, 100.0
"""The calls after which a constraint's weights are looked at, and how much larger they would be by no constraint."""


def weights_stay_bounded(trial: PenaltyTrial) -> Iterator[str]:
    """It holds weights that have grown, keeps them finite, and lets none grow when it is called again and again.

    One that brings weights to a norm or makes rows orthogonal may enlarge what is small, and one that goes there by
    steps diverges from weights far away: growth is therefore measured from weights as they are built.
    """
    network, grown = trial.network(), trial.network()
    with torch.no_grad():
        for parameter in grown.parameters():
            parameter.mul_(GROWN)
    before, large = copy.deepcopy(network), copy.deepcopy(grown)
    trial.new.constrain(grown)
    if not all(bool(torch.isfinite(weight).all()) for weight in grown.parameters()):
        yield "it makes large weights infinite or NaN. Divide by no 0, and let no square overflow."
        return
    penalty, built = trial.new, {name: (weight, weight.data) for name, weight in network.named_parameters()}
    for _ in range(CALLS):
        penalty.constrain(network)
    if other := replaced(built, network):
        yield (
            f"it puts another tensor in the place of a weight ({other}), which no optimizer knows and which would "
            "never learn. Change weights in place (clamp_, mul_, copy_)."
        )
        return
    pairs = pairs_of(network, before)
    if all(same(one.detach(), other.detach()) for one, other in (*pairs, *pairs_of(grown, large))):
        yield f"it changes no weight, though all had grown by {GROWN:g}. Change them in place (clamp_, mul_, copy_)."
    elif any(not largest(one) < FAR * max(1.0, largest(other)) for one, other in pairs):
        yield (
            f"it makes some weights larger and larger, called {CALLS} times. A constraint must keep weights within "
            "bounds: look for a factor above 1."
        )


def frozen_weights_stay(trial: PenaltyTrial) -> Iterator[str]:
    """It leaves weights alone that require no grad, such as those of `--freeze-d`."""
    network = trial.network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(GROWN)
    network.requires_grad_(False)
    before = copy.deepcopy(network)
    trial.new.constrain(network)
    if not all(same(one.detach(), other.detach()) for one, other in pairs_of(network, before)):
        yield (
            "it changes weights that are frozen, as --freeze-d freezes those of the discriminator. Pass over "
            "parameters whose requires_grad is False."
        )


CONSTRAINING = (weights_stay_bounded, frozen_weights_stay, torch_is_not_seeded)
