"""How long a training step takes in one precision, tried out on copies of the networks."""

import copy
import time
from collections.abc import Callable

import torch

from gantool.components import ImageShape
from gantool.contracts import Gan
from gantool.engine.precision import Precision

TRIAL_BATCH = 16
LONG_SECONDS = 1.0
"""What takes longer needs no second try: setting up the kernels is a small part of it."""
TRIAL_PIXELS = TRIAL_BATCH * 128**2
"""Larger pictures are tried out in smaller batches, of two at the least: they fill the machine as well."""


def step_timer(gan: Gan, shape: ImageShape, batch: int, device: torch.device) -> Callable[[Precision], float]:
    """A function that measures seconds of one generator and discriminator pass, forward and backward."""

    def seconds(precision: Precision) -> float:
        trial = copy.deepcopy(gan)
        networks = [precision.place(network, device) for network in (trial.generator, trial.discriminator)]
        n = max(2, min(batch, TRIAL_BATCH, TRIAL_PIXELS // shape.resolution**2))
        labels = torch.zeros(n, dtype=torch.int64, device=device) if shape.classes else None
        z = torch.randn(n, trial.latent_dim, device=device)

        def once() -> None:
            for network in networks:
                network.zero_grad()
            with precision.autocast():
                logits = trial.discriminator(trial.generator(z, labels), labels)
            torch.autograd.backward(logits.float().mean())
            if device.type == "cuda":
                torch.cuda.synchronize(device)

        start = time.perf_counter()
        once()
        first = time.perf_counter() - start
        if first > LONG_SECONDS:
            return first
        start = time.perf_counter()
        once()
        return time.perf_counter() - start

    def isolated(precision: Precision) -> float:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            return seconds(precision)

    return isolated
