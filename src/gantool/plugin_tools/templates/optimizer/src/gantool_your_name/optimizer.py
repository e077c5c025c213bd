"""The optimizer `your-name`: each weight moves by the learning rate, in the direction of its averaged gradient."""

from collections.abc import Callable, Iterable
from typing import Any

import gantool
import torch
from torch import nn

from gantool_your_name import YourNameOptions


class SignedMomentum(torch.optim.Optimizer):
    """Lion in its simplest form (Chen et al. 2023), without weight decay."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, momentum: float) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """One step; a parameter without a gradient stays."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                average = state.setdefault("average", torch.zeros_like(parameter))
                average.lerp_(parameter.grad, 1 - group["momentum"])
                parameter.add_(average.sign(), alpha=-group["lr"])


def build(
    options: YourNameOptions, parameters: Iterable[nn.Parameter], setting: gantool.OptimizerSetting
) -> SignedMomentum:
    """For one network."""
    return SignedMomentum(parameters, setting.learning_rate, options.momentum)
