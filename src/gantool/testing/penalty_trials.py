"""A penalty or constraint, and networks to call it with."""

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gantool.api.networks import Images, Labels
from gantool.engine.judging import PerImage
from gantool.testing.networks import seeded
from gantool.testing.seeding import SEEDS, seeds_torch
from gantool.testing.trials import OnNetworks

N = 4


class PenaltyTrial(OnNetworks[Any]):
    """A penalty, and networks of some shape to call it with."""

    @property
    def acts_on(self) -> str:
        """Its side."""
        return str(self.new.side)

    @property
    def is_constraint(self) -> bool:
        """True for a constraint, which changes weights and has no value."""
        return self.acts_on.endswith("weights")

    def network(self) -> nn.Module:
        """A copy of the network that it acts on, in training mode."""
        network: nn.Module = self.gan.generator
        if self.acts_on.startswith("discriminator"):
            network = self.gan.networks[1] if self.is_constraint else PerImage(self.gan.networks[1])
        return copy.deepcopy(network).train()

    def labels(self) -> Labels:
        """Those of the samples."""
        return torch.arange(N) % self.shape.classes if self.shape.classes else None

    @torch.no_grad()
    def is_finite(self, network: nn.Module) -> bool:
        """True if the network's own output for the samples is finite."""
        z, labels = torch.zeros(N, self.gan.latent_dim), self.labels()
        answer = network(z if self.acts_on == "generator" else self.gan.generator(z, labels), labels)
        return all(bool(torch.isfinite(each).all()) for each in (answer if isinstance(answer, tuple) else (answer,)))

    def values(self, penalty: Any, network: nn.Module, scale: float = 1.0) -> Tensor:
        """The penalty of the same samples, multiplied by `scale`."""
        with seeded(0):
            return self.called(penalty, network, scale)

    def called(self, penalty: Any, network: nn.Module, scale: float = 1.0) -> Tensor:
        """The same for the samples that torch's generator gives now."""
        side = self.shape.resolution
        z, noise = torch.randn(N, self.gan.latent_dim), torch.rand(N, self.shape.channels, side, side) * 2 - 1
        with torch.no_grad():
            real: Images = tuple(level * scale for level in self.gan.view(noise))
            fake: Images = tuple(level * scale for level in self.gan.generator(z, self.labels()))
        arguments = (z * scale,) if self.acts_on == "generator" else (real, fake)
        value: Tensor = penalty(network, *arguments, self.labels())
        return value


def torch_is_not_seeded(trial: PenaltyTrial) -> Iterator[str]:
    """It does not seed torch's generator."""
    penalty, network = trial.new, trial.network()
    call = partial(penalty.constrain if trial.is_constraint else partial(trial.called, penalty), network)
    if seeds_torch(call):
        yield f"it {SEEDS}"
