"""The checks of an optimizer."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from gantool.api.specs import OptimizerSetting
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault, found, unwaived
from gantool.testing.networks import seeded
from gantool.testing.seeding import SEEDS, seeds_torch

STEPS = 60
SETTING = OptimizerSetting(learning_rate=1e-2, betas=(0.5, 0.9))


@dataclass(frozen=True)
class Trial:
    """An optimizer under trial."""

    component: Chosen

    def begun(self, setting: OptimizerSetting = SETTING) -> tuple[nn.Module, torch.optim.Optimizer]:
        """A small network and its optimizer, as new."""
        with seeded(0):
            network = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
        optimizer: torch.optim.Optimizer = self.component.build(list(network.parameters()), setting)
        return network, optimizer


def a_loss_falls(trial: Trial) -> Iterator[str]:
    """A small regression is learnt."""
    network, optimizer = trial.begun()
    losses = _trained(network, optimizer, STEPS)
    if not losses[-1] < losses[0]:
        yield (
            f"a small regression's loss goes from {losses[0]:.3g} to {losses[-1]:.3g} in {STEPS} steps and must "
            "fall. Step against the gradient."
        )


def learning_rates_are_those_of_the_groups(trial: Trial) -> Iterator[str]:
    """The schedule can set the learning rate: `param_groups` have "lr", and a step at 0 moves nothing."""
    network, optimizer = trial.begun()
    if not all(group.get("lr") == SETTING.learning_rate for group in optimizer.param_groups):
        yield (
            f'its param_groups do not begin with "lr" {SETTING.learning_rate:g}, the run\'s learning rate. Pass '
            "setting.learning_rate on to torch.optim.Optimizer as the default of lr."
        )
        return
    _trained(network, optimizer, 3)
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    before = [p.detach().clone() for p in network.parameters()]
    _trained(network, optimizer, 2)
    if not all(torch.equal(p, old) for p, old in zip(network.parameters(), before, strict=True)):
        yield 'weights move at a learning rate of 0. Read group["lr"] in every step: schedules and warm-up set it.'


def parameters_without_gradient_stay(trial: Trial) -> Iterator[str]:
    """A parameter whose gradient is None stays as it is."""
    network, optimizer = trial.begun()
    parameters = list(network.parameters())
    before = parameters[0].detach().clone()
    for parameter in parameters[1:]:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    if not torch.equal(parameters[0], before):
        yield "a parameter without a gradient moves. Skip parameters whose grad is None, which lazy terms leave out."


def state_comes_back(trial: Trial) -> Iterator[str]:
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


def torch_is_not_seeded(trial: Trial) -> Iterator[str]:
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
    learning_rates_are_those_of_the_groups,
    parameters_without_gradient_stay,
    state_comes_back,
    torch_is_not_seeded,
)


def faults_of(component: Chosen) -> list[Fault]:
    """The faults of an optimizer."""
    return found(unwaived(PROPERTIES, component), Trial(component))
