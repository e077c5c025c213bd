"""Processor time of a pass of both networks with torch.compile, relative to eager execution, on a CPU.

    python benchmarks/compiled.py [--arch dcgan] [--resolution 64] [--batch 16] [--rounds 15]

A pass draws fakes and judges them, forward and backward, in bf16 and channels_last on one thread: as written, with
convolutions rearranged, and compiled. The seconds of the first passes have the compiler's time.
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


def play(gan: Gan, generator: nn.Module, discriminator: nn.Module, batch: int, precision: Precision) -> None:
    """Gradients of all weights by the mean logit of a batch of fakes."""
    with precision.autocast():
        logits, _ = parted(discriminator(generator(torch.randn(batch, gan.latent_dim), None), None))
    torch.autograd.backward(logits.float().mean())


def timed(work: Callable[[], None], rounds: int) -> tuple[float, float]:
    """Seconds of the first passes by the clock, and the least processor seconds of one that follows."""
    start = time.perf_counter()
    for _ in range(FIRST):
        work()
    first, least = time.perf_counter() - start, float("inf")
    for _ in range(rounds):
        before = time.process_time()
        work()
        least = min(least, time.process_time() - before)
    return first, least


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--arch", default="dcgan")
    asked.add_argument("--resolution", type=int, default=64)
    asked.add_argument("--batch", type=int, default=16)
    asked.add_argument("--rounds", type=int, default=15)
    words = asked.parse_args()
    torch.set_num_threads(1)
    gan: Gan = host().resolve("architecture", words.arch).build(ImageShape(words.resolution, 3, 0))
    assert gan.discriminator is not None
    own = gan.generator, gan.discriminator
    for network in own:
        network.to(memory_format=torch.channels_last)
    eager, rearranged = (Precision("bf16", "channels_last", "cpu", order) for order in ORDERS)
    ways: dict[str, tuple[Callable[[nn.Module], object], Precision]] = {
        "eager": (lambda network: network, eager),
        "rearranged": (lambda network: network, rearranged),
        "compiled": (torch.compile, eager),
    }
    baseline = 0.0
    for name, (made, precision) in ways.items():
        generator, discriminator = map(cast("Callable[[nn.Module], nn.Module]", made), own)
        first, least = timed(partial(play, gan, generator, discriminator, words.batch, precision), words.rounds)
        baseline = baseline or least
        print(f"{name:>10}  {least:.4f} s a pass, {baseline / least:.2f} of eager's speed; first {FIRST} {first:.1f} s")


if __name__ == "__main__":
    main()
