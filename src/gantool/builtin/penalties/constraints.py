"""Constraints that hold a discriminator's weights within bounds after each update."""

import torch
from torch import nn

from gantool.api.strategies import Penalty
from gantool.builtin.penalties import ClipOptions


class Clip(Penalty):
    """Weight clipping (Arjovsky et al. 2017, algorithm 1): no weight beyond `value`, which bounds the slope."""

    side = "discriminator weights"

    def __init__(self, options: ClipOptions) -> None:
        self.value = options.value

    @torch.no_grad()
    def constrain(self, network: nn.Module) -> None:
        """Clip every parameter that learns in place: frozen features or blocks stay as they are."""
        for parameter in filter(lambda one: one.requires_grad, network.parameters()):
            parameter.clamp_(-self.value, self.value)
