"""Timing of forward and backward passes before a run."""

import copy
import time
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from gantool.api.networks import Gan, Images, Labels
from gantool.api.specs import ImageShape
from gantool.engine.judging import parted
from gantool.engine.precision import Precision

TRIAL_BATCH = 16
FEWEST = 2
LONG_SECONDS = 1.0
"""A pass that takes longer is not repeated, since setting up the kernels is a small part of it."""
TRIAL_PIXELS = TRIAL_BATCH * 128**2
"""The most pixels of a trial batch: larger pictures are timed in smaller batches, which fill the machine as well."""


def step_timer(gan: Gan, shape: ImageShape, batch: int, device: torch.device) -> Callable[[Precision], float]:
    """A function that times one pass of generator and discriminator, forward and backward, in seconds.

    On a slow CPU, all precisions are timed with fewer samples.
    """
    most = max(FEWEST, min(batch, TRIAL_BATCH, TRIAL_PIXELS // shape.resolution**2))

    def seconds(precision: Precision, n: int) -> float:
        trial = copy.deepcopy(gan)
        networks = [precision.place(network, device) for network in trial.networks]
        labels = torch.zeros(n, dtype=torch.int64, device=device) if shape.classes else None
        z = torch.randn(n, trial.latent_dim, device=device)

        def once() -> None:
            for network in networks:
                network.zero_grad()
            with precision.autocast():
                answer = _pass(trial, z, labels)
            torch.autograd.backward(answer.float().mean())
            if device.type == "cuda":
                torch.cuda.synchronize(device)

        return _warm_seconds(once)

    @cache
    def affordable() -> int:
        if device.type != "cpu":  # the first pass on a GPU says nothing of the others
            return most
        return max(FEWEST, min(most, int(FEWEST * LONG_SECONDS / seconds(Precision(), FEWEST))))

    def isolated(precision: Precision) -> float:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            return seconds(precision, affordable())

    return isolated


def _pass(gan: Gan, z: Tensor, labels: Labels) -> Tensor:
    """Logits of generated images; without a discriminator, their pixels in a row."""
    images: Images = gan.generator(z, labels)
    if gan.discriminator is None:
        return torch.cat([level.flatten() for level in images])
    logits: Tensor = parted(gan.discriminator(images, labels))[0]
    return logits


def _warm_seconds(once: Callable[[], None]) -> float:
    """The seconds of the second call, or of the first if that takes long."""
    start = time.perf_counter()
    once()
    first = time.perf_counter() - start
    if first > LONG_SECONDS:
        return first
    start = time.perf_counter()
    once()
    return time.perf_counter() - start
