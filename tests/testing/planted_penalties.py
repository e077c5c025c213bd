"""Penalties and constraints, sound ones and with one fault each."""

import random

import numpy as np
import torch
from torch import nn


class Slope:
    weight, every = 1.0, 1

    def __init__(self, options):
        pass

    def __call__(self, network, real, fake, labels):
        leaves = tuple(level.detach().clone().requires_grad_(True) for level in real)
        logits = network(leaves, labels)
        slopes = torch.autograd.grad(logits.sum(), leaves, create_graph=True)
        return self.measured(sum(slope.square().flatten(1).sum(dim=1) for slope in slopes))

    def measured(self, squares):
        return squares


class SlopeWithoutGraph(Slope):
    def measured(self, squares):
        return squares.detach()


class SlopeByRoot(Slope):
    def measured(self, squares):
        return (squares.sqrt() - 1).square()


class SlopeByBackward(Slope):
    def __call__(self, network, real, fake, labels):
        network(real, labels).sum().backward()
        return super().__call__(network, real, fake, labels)


class CountingSlope(Slope):
    calls = 0

    def measured(self, squares):
        self.calls += 1
        return squares / self.calls


class Remembering(nn.Module):
    weight, every = 1.0, 1

    def __init__(self, options):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, network, real, fake, labels):
        logits = network(real, labels)
        self.mean.copy_(logits.detach().mean())
        return (logits - self.mean).square()


class NothingToLearn(Slope):
    def measured(self, squares):
        return 0 * squares


class SlopeByNumpy(Slope):
    def measured(self, squares):
        return squares * float(np.random.default_rng().random())


class SlopeByChance(Slope):
    def measured(self, squares):
        return squares * (2 if random.random() < 0.5 else 1)


class SlopeByGlobals(Slope):
    def measured(self, squares):
        np.random.seed(len(squares))
        return squares * float(np.random.random())


class HoldingNothing:
    def __init__(self, options):
        pass

    def constrain(self, network):
        pass


class LettingGrow(HoldingNothing):
    def constrain(self, network):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(2)


class Holding(HoldingNothing):
    def constrain(self, network):
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.requires_grad:
                    parameter.clamp_(-0.1, 0.1)


class HoldingTheFrozen(HoldingNothing):
    def constrain(self, network):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.clamp_(-0.1, 0.1)


class SlopeSeeding(Slope):
    def measured(self, squares):
        torch.manual_seed(3)
        return squares


class HoldingSeeding(Holding):
    def constrain(self, network):
        torch.manual_seed(3)
        super().constrain(network)


class HoldingByReplacing(HoldingNothing):
    def constrain(self, network):
        for module in network.modules():
            if isinstance(module, nn.Linear):
                module.weight = nn.Parameter(module.weight.detach().clamp(-0.1, 0.1))
