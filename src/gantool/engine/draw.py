"""From z to pixels, the only way: each row's picture depends on that row alone, bit for bit on one machine."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from gantool.api.networks import Images, Labels, MappedGenerator
from gantool.engine.devices import is_out_of_memory
from gantool.errors import GantoolError, OptionError
from gantool.pixels import to_uint8
from gantool.progress import report

log = logging.getLogger("gantool")

RowFunction = Callable[[Tensor, Labels], tuple[Tensor, ...]]
Choose = Callable[[Images, int], Images]
"""Takes the levels that are wanted, from what a generator returned for so many latents."""
MAPPED_AT_ONCE = 32


def chunk_size(resolution: int, device: torch.device) -> int:
    """The number of pictures drawn at once, which a single one waits for.

    On the CPU 4 pictures of 64 pixels take an eighth of the time of 32: so there it is 8 up to 32 pixels, 1 from
    256 on. Elsewhere it is 32 up to 64 pixels, 1 from 512 on.
    """
    return max(1, min(8, 256 // resolution) if device.type == "cpu" else min(32, 2**17 // resolution**2))


class Drawing:
    """Pictures of generators at one resolution: those of a run's sample sheets and of `gantool sample` alike."""

    def __init__(self, resolution: int, device: torch.device) -> None:
        self._mapping = Chunks(device, MAPPED_AT_ONCE)
        self._drawing = Chunks(device, chunk_size(resolution, device))

    def latents(self, generator: nn.Module, z: Float[Tensor, "n d"], labels: Labels) -> Float[Tensor, "n *d"]:
        """The latents in w where the generator has such a space, else z itself; on the CPU."""
        if not isinstance(generator, MappedGenerator):
            return z
        return self._mapping.run(lambda rows, chosen: (generator.map(rows, chosen),), z, labels, "latents")[0]

    def levels(
        self,
        generator: nn.Module,
        latents: Float[Tensor, "n *d"],
        labels: Labels,
        choose: Choose = lambda images, count: images,
    ) -> tuple[UInt8[Tensor, "n c _ _"], ...]:
        """Pictures of latents, on the CPU: every level of the generator, or those that `choose` takes."""

        def draw(rows: Tensor, chosen: Labels) -> tuple[Tensor, ...]:
            images = generator.synthesize(rows) if isinstance(generator, MappedGenerator) else generator(rows, chosen)
            return tuple(to_uint8(level) for level in choose(images, len(rows)))

        return self._drawing.run(draw, latents, labels, "pictures")


class Chunks:
    """Inference in padded chunks of one size, since matrix kernels round differently for other sizes.

    A network that draws noise inside runs on one row at a time, with the same noise for each. When memory runs out
    the chunks are halved, with a warning; results may then differ from earlier ones in the last bits.
    """

    def __init__(self, device: torch.device, size: int) -> None:
        self.device = device
        self.size = size

    def run(self, function: RowFunction, inputs: Tensor, labels: Labels, what: str) -> tuple[Tensor, ...]:
        """`function(rows, labels)` for all inputs, on the CPU.

        Raises GantoolError if memory does not suffice for a single row.
        """
        if len(inputs) == 0:
            raise OptionError("There is nothing to draw: ask for at least one picture.")
        done: list[list[Tensor]] = []
        position = 0
        while position < len(inputs):
            rows = torch.arange(position, position + self.size).clamp(max=len(inputs) - 1)
            noise = [False]
            try:
                with steady(self.device) as drew_noise:
                    chunk_labels = None if labels is None else labels[rows].to(self.device)
                    made = [tensor.cpu() for tensor in function(inputs[rows].to(self.device), chunk_labels)]
                    noise = [drew_noise()]
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._shrink(what, error)
                continue
            if noise[0] and self.size > 1:
                self.size, position, done = 1, 0, []
                continue
            done.append([tensor[: len(inputs) - position] for tensor in made])
            position += self.size
            report(what, min(position, len(inputs)), len(inputs))
        return tuple(torch.cat(parts) for parts in zip(*done, strict=True))

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


@contextmanager
def contiguous(network: nn.Module) -> Iterator[None]:
    """Lay the weights of a network out as a model file has them, inside the block: other layouts round differently."""
    kept = [(tensor, tensor.data) for tensor in (*network.parameters(), *network.buffers())]
    try:
        for tensor, data in kept:
            tensor.data = data.contiguous()
        yield
    finally:
        for tensor, data in kept:
            tensor.data = data
