"""The checks of an optimizer."""

import copy
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gantool.api.specs import OptimizerSetting
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault, found, unwaived
from gantool.testing.networks import seeded
from gantool.testing.seeding import SEEDS, seeds_torch
from gantool.testing.trials import Trial

STEPS = 60
SETTING = OptimizerSetting(learning_rate=1e-2, betas=(0.5, 0.9))


class Gain(nn.Module):
    """A factor: a weight without dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        """The product."""
        return x * self.factor


class OptimizerTrial(Trial[torch.optim.Optimizer]):
    """An optimizer under trial."""

    def begun(self, setting: OptimizerSetting = SETTING) -> tuple[nn.Module, torch.optim.Optimizer]:
        """A small network with weights of 0 to 4 dimensions and its optimizer, as new."""
        with seeded(0):
            network = nn.Sequential(
                nn.Linear(6, 16), nn.Unflatten(1, (1, 4, 4)), nn.Conv2d(1, 2, 3, padding=1), nn.Tanh(), nn.Flatten(),
                nn.Linear(32, 1), Gain(),
            )  # fmt: skip
        optimizer: torch.optim.Optimizer = self.component.build(list(network.parameters()), setting)
        return network, optimizer


def a_loss_falls(trial: OptimizerTrial) -> Iterator[str]:
    """A small regression is learnt."""
    network, optimizer = trial.begun()
    losses = _trained(network, optimizer, STEPS)
    if not losses[-1] < losses[0]:
        yield (
            f"a small regression's loss goes from {losses[0]:.3g} to {losses[-1]:.3g} in {STEPS} steps and must "
            "fall. Step against the gradient."
        )


def every_parameter_is_in_a_group(trial: OptimizerTrial) -> Iterator[str]:
    """Each parameter that the factory is given is in one of the groups."""
    network, optimizer = trial.begun()
    grouped = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
    left = [weight for weight in network.parameters() if id(weight) not in grouped]
    if left:
        yield (
            f"its param_groups leave out {len(left)} of the {len(list(network.parameters()))} parameters of a small "
            f"network, the first of shape {list(left[0].shape)}: they would never learn. Put each parameter that the "
            "factory is given into a group."
        )


def learning_rates_are_those_of_the_groups(trial: OptimizerTrial) -> Iterator[str]:
    """The schedule can set the learning rate: `param_groups` have "lr", and a step at 0 moves nothing.

    Groups may differ in it, each at a share of the run's learning rate.
    """
    network, optimizer = trial.begun()
    _, doubled = trial.begun(replace(SETTING, learning_rate=2 * SETTING.learning_rate))
    pairs = zip(optimizer.param_groups, doubled.param_groups, strict=True)
    if not all("lr" in one and one["lr"] > 0 and math.isclose(2 * one["lr"], other["lr"]) for one, other in pairs):
        yield (
            'its param_groups do not begin with an "lr" that follows the run\'s learning rate. Pass '
            "setting.learning_rate on to torch.optim.Optimizer as the default of lr; a group may have a share of it."
        )
        return
    _trained(network, optimizer, 3)
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    before = [p.detach().clone() for p in network.parameters()]
    _trained(network, optimizer, 2)
    if not all(torch.equal(p, old) for p, old in zip(network.parameters(), before, strict=True)):
        yield 'weights move at a learning rate of 0. Read group["lr"] in every step: schedules and warm-up set it.'


def parameters_without_gradient_stay(trial: OptimizerTrial) -> Iterator[str]:
    """A parameter whose gradient is None stays as it is."""
    network, optimizer = trial.begun()
    parameters = list(network.parameters())
    before = parameters[0].detach().clone()
    for parameter in parameters[1:]:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    if not torch.equal(parameters[0], before):
        yield "a parameter without a gradient moves. Skip parameters whose grad is None, which lazy terms leave out."


def steps_that_overflowed_are_skipped(trial: OptimizerTrial) -> Iterator[str]:
    """An optimizer that says it heeds found_inf goes on after a skipped step as if there had been none."""
    network, optimizer = trial.begun()
    twin, undisturbed = trial.begun()
    if not getattr(optimizer, "_step_supports_amp_scaling", False):
        return  # the step decides for it
    _trained(network, optimizer, 2)
    _trained(twin, undisturbed, 3)
    for weight in network.parameters():
        weight.grad = torch.full_like(weight, float("nan"))
    scaled: Any = optimizer
    scaled.grad_scale, scaled.found_inf = None, torch.ones(())
    optimizer.step()
    scaled.found_inf = torch.zeros(())
    _trained(network, optimizer, 1)
    if not all(torch.equal(p, q) for p, q in zip(network.parameters(), twin.parameters(), strict=True)):
        yield (
            "it has _step_supports_amp_scaling, and a step with self.found_inf of 1 changes its weights or its state. "
            "Such a step has a gradient that is not finite: leave both as they are, or leave the attribute out."
        )


def state_comes_back(trial: OptimizerTrial) -> Iterator[str]:
    """With its state restored, training continues bit for bit."""
    network, optimizer = trial.begun()
    _trained(network, optimizer, 5)
    again, restored = trial.begun()
    again.load_state_dict(network.state_dict())
    restored.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    _trained(network, optimizer, 5)
    _trained(again, restored, 5)
    if not all(torch.equal(p, q) for p, q in zip(network.parameters(), again.parameters(), strict=True)):
        yield (
            "after loading its state_dict it continues differently: a resumed run would differ. Keep all state in "
            "self.state and param_groups."
        )


def torch_is_not_seeded(trial: OptimizerTrial) -> Iterator[str]:
    """It does not seed torch's generator."""
    if seeds_torch(partial(_trained, *trial.begun(), 3)):
        yield f"it {SEEDS}"


def _trained(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> list[float]:
    with seeded(1):
        x = torch.randn(32, 6)
    wanted, losses = x.square().sum(dim=1, keepdim=True) / 6, []
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        loss: Tensor = (network(x) - wanted).square().mean()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())
    return losses


PROPERTIES = (
    a_loss_falls,
    every_parameter_is_in_a_group,
    learning_rates_are_those_of_the_groups,
    parameters_without_gradient_stay,
    steps_that_overflowed_are_skipped,
    state_comes_back,
    torch_is_not_seeded,
)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of an optimizer."""
    return found(unwaived(PROPERTIES, component), OptimizerTrial(component, plugins))
