"""Data-parallel training, where one process is rank 0 of 1: a flat all-reduce averages gradients after backward.

DistributedDataParallel does not fit gradient penalties: its hooks miss or double what a double backward adds.
"""

import atexit
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
import torch.distributed.nn  # before a group exists: its defaults would keep that group, and its threads, for ever
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous

from gantool.engine.devices import is_out_of_memory
from gantool.engine.meeting import meet
from gantool.errors import OptionError, TrainingError, cause, shortened

T = TypeVar("T")

USUAL_MINUTES = 30.0
"""How long processes wait for one that does not answer, where nothing else is said."""
_NO_ANSWER = re.compile("timed ?out|timeout", re.IGNORECASE)
_NO_WAY = re.compile("(connection|operation) timed out|connect timeout|timed out.*connect", re.IGNORECASE)
"""What TCP says where a machine is gone or a network is down, which is no process that hangs."""


@dataclass(frozen=True)
class World:
    """The rank of this process among all, with the collective operations."""

    rank: int = 0
    size: int = 1
    hosts: dist.ProcessGroup | None = None
    """A CPU group for messages that need no device; None: the group of the gradients."""
    begun: bool = False
    """True if gantool initialised the group, and so must destroy it; a program that uses gantool may have done so."""

    @property
    def leads(self) -> bool:
        """True for the process that writes files and messages."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """This process's share of a batch, which divides: `stages.check_parts` has refused any other."""
        return batch // self.size

    def average(self, parameters: Iterable[nn.Parameter], value: Float[Tensor, ""]) -> Float[Tensor, ""]:
        """All-reduce the mean of all gradients in place, and of `value` with them."""
        if self.size == 1:
            return value
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([value.detach().reshape(1), *(gradient.reshape(-1) for gradient in gradients)])
        with _together():
            dist.all_reduce(flat)
        flat /= self.size
        for gradient, part in zip(gradients, torch.split(flat[1:], [g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
        return flat[0]

    def agree(self, memory: Iterable[Tensor]) -> None:
        """All-reduce the mean of the components' state, in place."""
        if self.size == 1:
            return
        for tensor in memory:
            with _together():
                dist.all_reduce(tensor, group=self.hosts if tensor.device.type == "cpu" else None)
            tensor /= self.size

    def gathered(self, values: Shaped[Tensor, "n *more"]) -> Shaped[Tensor, "all *more"]:
        """The values of all processes, as many from each, in the order of their ranks."""
        if self.size == 1:
            return values
        parts = [torch.empty_like(values) for _ in range(self.size)]
        with _together():
            dist.all_gather(parts, values.contiguous(), self.hosts if values.device.type == "cpu" else None)
        return torch.cat(parts)

    def anyone(self, mine: bool) -> bool:
        """True if it is true in any process; all get the same answer, without waiting for a device."""
        return self.any_of(mine)[0]

    def any_of(self, *mine: bool) -> tuple[bool, ...]:
        """The same for several at once."""
        if self.size == 1:
            return mine
        flags = torch.tensor(mine, dtype=torch.uint8)
        with _together():
            dist.all_reduce(flags, dist.ReduceOp.MAX, self.hosts)
        return tuple(map(bool, flags.tolist()))

    def from_leader(self, value: T) -> T:
        """The leading process's value, in all processes."""
        if self.size == 1:
            return value
        values = [value]
        with _together():
            dist.broadcast_object_list(values, group=self.hosts)
        return values[0]

    def barrier(self) -> None:
        """Wait for every process."""
        if self.size > 1:
            with _together():
                dist.barrier()

    def finish(self) -> None:
        """Wait until the leading process has written everything, and have the group destroyed at exit.

        A process that leaves this to Python's shutdown may fail at its exit, and then `torchrun` ends them all.
        """
        self.barrier()
        if self.begun:
            atexit.unregister(_end_group)
            atexit.register(_end_group)


@contextmanager
def _together() -> Iterator[None]:
    """Explain the error of an operation that waits for all processes, one of which may have died or may hang."""
    try:
        yield
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        why = shortened(cause(error), 200)
        if _NO_WAY.search(why):
            happened = (
                "The connection to another process of this run broke: see that its machine is on, and can be reached "
                f"from this one ({why})."
            )
        elif _NO_ANSWER.search(why):
            happened = (
                "Another process of this run hangs: it did not answer for as long as a training's --timeout says "
                f"({why}). If it waits for a slow disk or server, a longer --timeout helps."
            )
        else:
            happened = f"Another process of this run has ended, or cannot be reached any more ({why})."
        raise TrainingError(
            f"{happened} What was saved is intact: start all processes again by the same command; a training resumes "
            "by its --name or --resume."
        ) from error


def _end_group() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def _take_gpu(device: torch.device, size: int) -> None:
    """Make "cuda" this process's own GPU, by the local rank that `torchrun` sets."""
    if device != torch.device(device.type):
        raise OptionError(f"--device {device} is one GPU, which {size} processes cannot share; use --device cuda.")
    there_are = torch.cuda.device_count()
    if "LOCAL_RANK" not in os.environ:  # another launcher, which gave each process its GPU
        return
    place = _count("LOCAL_RANK", 0)
    if place >= there_are:
        raise OptionError(
            f"There are {place + 1} processes or more on this machine and {there_are} CUDA devices: start one "
            f"process for each (torchrun --nproc-per-node {there_are}), or use --device cpu."
        )
    torch.cuda.set_device(place)


def _count(name: str, least: int) -> int:
    """A number of the environment that a launcher sets. Raises OptionError for anything else."""
    text = os.environ.get(name, str(least))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise OptionError(
            f"The environment has {name}={shortened(text, 40)!r}, which is no number of at least {least}: unset it for "
            "one process, or start many by torchrun, which sets it."
        )
    return int(text)


def _begin(backend: str, size: int, wait: timedelta) -> None:
    missing = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if missing:
        raise OptionError(
            f"The environment has WORLD_SIZE={size}, but no {' and no '.join(missing)}: unset it for one process, or "
            f"start by torchrun --nproc-per-node {size} -m gantool ..."
        )
    rank, _ = _count("RANK", 0), _count("MASTER_PORT", 0)
    if rank >= size:
        raise OptionError(f"The environment has RANK={rank} of WORLD_SIZE={size}; ranks go from 0 to {size - 1}.")
    try:
        store, rank, size = next(rendezvous("env://", timeout=wait))
        # Where a process hangs, the hosts notice it first, by gloo: NCCL would end this one without a sentence.
        longer = 2 * wait if backend == "nccl" else wait
        dist.init_process_group(
            backend, store=meet(store, rank, size, wait), rank=rank, world_size=size, timeout=longer
        )
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"The {size} processes did not find each other at {os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']} "
            f"({shortened(cause(error), 200)}). Start all of them within the {wait.total_seconds() / 60:g} minutes of "
            "--timeout, with a MASTER_ADDR and MASTER_PORT that each machine reaches."
        ) from error


def join_world(device: torch.device, minutes: float = USUAL_MINUTES) -> World:
    """The processes that `torchrun` describes in the environment, each with a GPU of its own, or one process alone.

    One that does not answer the others for so many minutes ends them with a TrainingError. Raises OptionError if there
    are too few GPUs, or `device` names a single one.
    """
    size = _count("WORLD_SIZE", 1)
    if size == 1:
        return World()
    on_gpus = device.type == "cuda"
    if on_gpus:
        _take_gpu(device, size)
    begun, wait = not dist.is_initialized(), timedelta(minutes=minutes)
    if begun:
        _begin("nccl" if on_gpus else "gloo", size, wait)
    hosts = dist.new_group(backend="gloo", timeout=wait) if on_gpus else None
    assert not isinstance(hosts, int)  # processes outside the group would get this value
    return World(dist.get_rank(), dist.get_world_size(), hosts, begun)
