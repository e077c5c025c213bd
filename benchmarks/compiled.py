"""Time of a pass of both networks with torch.compile, relative to eager execution.

    python benchmarks/compiled.py [--arch dcgan] [--resolution 64] [--batch 16] [--rounds 15] [--device cpu]

A pass draws fakes and judges them, forward and backward, in bf16 and channels_last: as written, compiled, and on a CPU
with convolutions rearranged, on a GPU compiled with CUDA graphs. On a CPU times are processor time of one thread, on a
GPU those of the clock until it is done. The seconds of the first passes have the compiler's time.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import cast

import torch
from torch import nn

from gantool.api.networks import Gan
from gantool.api.specs import ImageShape
from gantool.engine.judging import parted
from gantool.engine.precision import Convolutions, Precision
from gantool.plugins.host import host

ORDERS: tuple[Convolutions, ...] = ("direct", "rearranged")
FIRST = 3
"""Passes before the first that counts."""


def play(gan: Gan, generator: nn.Module, discriminator: nn.Module, latents: torch.Tensor, precision: Precision) -> None:
    """Gradients of all weights by the mean logit of a batch of fakes."""
    latents.normal_()
    with precision.autocast():
        logits, _ = parted(discriminator(generator(latents, None), None))
    torch.autograd.backward(logits.float().mean())
    for parameter in (*generator.parameters(), *discriminator.parameters()):
        parameter.grad = None


def timed(work: Callable[[], None], rounds: int, clock: Callable[[], float]) -> tuple[float, float]:
    """Seconds of the first passes, with the compiler's, and the least seconds of one that follows."""
    start = time.perf_counter()
    for _ in range(FIRST):
        work()
    clock()
    first, least = time.perf_counter() - start, float("inf")
    for _ in range(rounds):
        before = clock()
        work()
        least = min(least, clock() - before)
    return first, least


def until_done() -> float:
    """The clock's seconds once the GPU has done all work."""
    torch.cuda.synchronize()
    return time.perf_counter()


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--arch", default="dcgan")
    asked.add_argument("--resolution", type=int, default=64)
    asked.add_argument("--batch", type=int, default=16)
    asked.add_argument("--rounds", type=int, default=15)
    asked.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    words = asked.parse_args()
    torch.set_num_threads(1)
    gan: Gan = host().resolve("architecture", words.arch).build(ImageShape(words.resolution, 3, 0))
    assert gan.discriminator is not None
    own = gan.generator, gan.discriminator
    for network in own:
        network.to(words.device, memory_format=torch.channels_last)
    latents = torch.empty(words.batch, gan.latent_dim, device=words.device)
    eager, rearranged = (Precision("bf16", "channels_last", words.device, order) for order in ORDERS)
    ways: dict[str, tuple[Callable[[nn.Module], object], Precision]] = {
        "eager": (lambda network: network, eager),
        "compiled": (torch.compile, eager),
    }
    if words.device == "cpu":
        ways["rearranged"] = (lambda network: network, rearranged)
    else:
        ways["in graphs"] = (partial(torch.compile, mode="reduce-overhead"), eager)
    clock = time.process_time if words.device == "cpu" else until_done
    baseline = 0.0
    for name, (made, precision) in ways.items():
        generator, discriminator = map(cast("Callable[[nn.Module], nn.Module]", made), own)
        torch.compiler.reset()
        first, least = timed(partial(play, gan, generator, discriminator, latents, precision), words.rounds, clock)
        baseline = baseline or least
        print(f"{name:>10}  {least:.4f} s a pass, {baseline / least:.2f} of eager's speed; first {FIRST} {first:.1f} s")


if __name__ == "__main__":
    main()
