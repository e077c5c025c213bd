"""torch's own generators, which a run seeds at each step: some components draw from them, and none seeds them."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from gantool.testing.networks import same, seeded

SEEDS = (
    "seeds torch's own generator (torch.manual_seed): what is drawn after it, latents included, would be the same at "
    "every step of a run. Draw without seeding; for numbers that stay the same use a torch.Generator of your own."
)


TRIES = 8
"""Repetitions, where a random choice between few values may repeat itself."""


def seeds_torch(call: Callable[[], object]) -> bool:
    """True if torch's generator ends in the same state whatever its state before the call."""
    ends = []
    for seed in (1, 2):
        with _midway(seed):
            call()
            ends.append(torch.get_rng_state())
    return torch.equal(*ends)


def touches_torch(call: Callable[[], object]) -> bool:
    """True if the call draws from torch's generator or seeds it."""
    with _midway(1):
        before = torch.get_rng_state()
        call()
        return not torch.equal(before, torch.get_rng_state())


@contextmanager
def _midway(seed: int) -> Iterator[None]:
    """torch's generator in a state that seeding alone does not give, whatever the seed."""
    with seeded(seed):
        torch.rand(1)
        yield


@contextmanager
def randomness_kept() -> Iterator[None]:
    """The generators of torch, numpy and Python are left as they were, whatever the block makes of them."""
    pythons, numpys = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(pythons)
        np.random.set_state(numpys)


def repeats(draw: Callable[[], object]) -> bool:
    """True if a call gives the same each time, wherever Python's and numpy's own generators are."""
    seen = []
    for number in range(TRIES):
        with other_randomness(number):
            seen.append(draw())
    return all(same(seen[0], other) for other in seen)


@contextmanager
def other_randomness(seed: int) -> Iterator[None]:
    """Python's and numpy's own generators at this seed, so that what is drawn from them surely differs."""
    with randomness_kept():
        random.seed(seed)
        np.random.seed(seed)
        yield
