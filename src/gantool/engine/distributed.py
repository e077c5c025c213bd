"""Many processes, of which one is rank 0 of 1: gradients are averaged by one flat all_reduce after backward.

DistributedDataParallel and gradient penalties do not mix well (its hooks miss or double what a double backward adds).
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn

from gantool.errors import TrainingError


@dataclass(frozen=True)
class World:
    """This process among all."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """This process's part of a batch. Raises TrainingError when it does not divide."""
        if batch % self.size:
            raise TrainingError(
                f"--batch {batch} cannot be shared by {self.size} processes; use a multiple of {self.size}."
            )
        return batch // self.size

    def average(self, parameters: Iterable[nn.Parameter], value: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """Average all gradients in place, and `value` with them, over the processes."""
        if self.size == 1:
            return value
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([value.detach().reshape(1), *(gradient.reshape(-1) for gradient in gradients)])
        dist.all_reduce(flat)
        flat /= self.size
        for gradient, part in zip(gradients, torch.split(flat[1:], [g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
        return flat[0]

    def barrier(self) -> None:
        """Wait for every process."""
        if self.size > 1:
            dist.barrier()


def join_world(device: torch.device) -> World:
    """The world that `torchrun` set up in the environment, or one process alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World()
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return World(dist.get_rank(), dist.get_world_size())
