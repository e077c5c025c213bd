"""Deterministic inference: each row's result depends on that row alone, bit for bit on one machine."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from gantool.api.networks import Labels
from gantool.errors import GantoolError, OptionError
from gantool.progress import report

log = logging.getLogger("gantool")

RowFunction = Callable[[Tensor, Labels], Tensor]


class Chunks:
    """Inference in padded chunks of one size, since matrix kernels round differently for other sizes.

    A network that draws noise inside runs on one row at a time, with the same noise for each. When memory runs out
    the chunks are halved, with a warning; results may then differ from earlier ones in the last bits.
    """

    def __init__(self, device: torch.device, size: int) -> None:
        self.device = device
        self.size = size

    def run(self, function: RowFunction, inputs: Tensor, labels: Labels, what: str) -> Tensor:
        """`function(rows, labels)` for all inputs, on the CPU.

        Raises GantoolError if memory does not suffice for a single row.
        """
        if len(inputs) == 0:
            raise OptionError("There is nothing to draw: ask for at least one picture.")
        done: list[Tensor] = []
        position = 0
        while position < len(inputs):
            rows = torch.arange(position, position + self.size).clamp(max=len(inputs) - 1)
            noise = [False]
            try:
                with steady(self.device) as drew_noise:
                    chunk_labels = None if labels is None else labels[rows].to(self.device)
                    made = function(inputs[rows].to(self.device), chunk_labels).cpu()
                    noise = [drew_noise()]
            except (RuntimeError, MemoryError) as error:
                if not _out_of_memory(error):
                    raise
                self._shrink(what, error)
                continue
            if noise[0] and self.size > 1:
                self.size, position, done = 1, 0, []
                continue
            done.append(made[: len(inputs) - position])
            position += self.size
            report(what, min(position, len(inputs)), len(inputs))
        return torch.cat(done)

    def _shrink(self, what: str, error: Exception) -> None:
        if self.size == 1:
            raise GantoolError(
                f"Memory on {self.device} does not suffice for {what} one at a time: free some, or use --device cpu."
            ) from error
        self.size //= 2
        log.warning("Out of memory on %s: continuing with %d at once.", self.device, self.size)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


@contextmanager
def steady(device: torch.device) -> Iterator[Callable[[], bool]]:
    """Deterministic inference in the block: float32, fixed kernels, fixed noise; the caller's random state is kept.

    Yields a function that returns True if noise was drawn since.
    """
    generators = _generators(device)
    kept = [generator.get_state() for generator in generators]
    try:
        for generator in generators:
            generator.manual_seed(0)
        fresh = [generator.get_state() for generator in generators]
        with (
            torch.inference_mode(),
            torch.autocast(device.type, enabled=False),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
        ):
            yield lambda: any(
                not torch.equal(generator.get_state(), state)
                for generator, state in zip(generators, fresh, strict=True)
            )
    finally:
        for generator, state in zip(generators, kept, strict=True):
            generator.set_state(state)


def _generators(device: torch.device) -> list[torch.Generator]:
    """The random generators that a network on this device may use."""
    generators = [torch.default_generator]
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        generators.append(torch.cuda.default_generators[index])
    elif device.type == "mps":
        generators.append(torch.mps._get_default_mps_generator())
    return generators


def _out_of_memory(error: Exception) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
