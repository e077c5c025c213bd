"""The randomness of a training step: latents by sample, the same for two processes or more; all else by process."""

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.engine.cadence import derived_seed
from gantool.engine.distributed import World


def seed_generators(seed: int, device: torch.device) -> None:
    """Seed torch's own generators of this process; on a CPU that of the CPU alone.

    There `torch.manual_seed` would note the whole call stack for a GPU that may come: a third of a millisecond.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


class Chance:
    """Seeds the generators of one process at each step, and draws its latents."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._common: torch.Generator | None = None
        """A generator that is at the same point in every process; None: torch's own, where there is one process."""

    def begin(self, seed: int, images_seen: int, device: torch.device) -> None:
        """Seed all generators for the step at `images_seen`, which makes resume exact."""
        if self._world.size == 1:
            seed_generators(derived_seed(seed, images_seen, 0), device)
            return
        seed_generators(derived_seed(seed, images_seen, 1 + self._world.rank), device)
        self._common = torch.Generator(device).manual_seed(derived_seed(seed, images_seen, 0))

    def latents(self, n: int, dim: int, device: torch.device) -> Float[Tensor, "n d"]:
        """Standard normal z for this process's n samples: its rows of those that all draw alike."""
        if self._common is None:
            return torch.randn(n, dim, device=device)
        rows = torch.randn(self._world.size * n, dim, generator=self._common, device=device)
        return rows[self._world.rank * n :][:n]
