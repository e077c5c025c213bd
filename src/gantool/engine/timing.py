"""Timing of forward and backward passes before a run."""

import copy
import time
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from gantool.api.networks import Gan, Images, Labels
from gantool.api.specs import ImageShape
from gantool.engine import latents
from gantool.engine.cuda_graphs import CudaRecorder
from gantool.engine.devices import is_out_of_memory
from gantool.engine.draw import Drawing, chunk_size
from gantool.engine.graphs import WARM_STEPS
from gantool.engine.judging import parted
from gantool.engine.precision import Precision
from gantool.engine.recordings import Recorder
from gantool.progress import listening

TRIAL_BATCH, TRIAL_BATCH_ON_GPU = 16, 64
FEWEST = 2
LONG_SECONDS = 1.0
"""A pass that takes longer is not repeated, since setting up the kernels is a small part of it."""
TRIAL_SIDE = 128
"""Larger pictures are timed in smaller batches, which fill the machine as well."""
REPLAYS = 3


def step_timer(
    gan: Gan, shape: ImageShape, batch: int, device: torch.device, graph: bool = True
) -> Callable[[Precision], float]:
    """A function that times one pass of generator and discriminator, forward and backward, in seconds.

    On a slow CPU, all precisions are timed with fewer samples. On a GPU the pass is timed as a CUDA graph, unless
    training has none (`graph`): one by one, the launches of its kernels would hide what the kernels take.
    """
    largest = TRIAL_BATCH_ON_GPU if device.type == "cuda" else TRIAL_BATCH
    most = max(FEWEST, min(batch, largest, largest * TRIAL_SIDE**2 // shape.resolution**2))

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

        if device.type != "cuda":
            return _warm_seconds(once)
        return _seconds_on_gpu(replayed(once, CudaRecorder(device)) if graph else once, device)

    @cache
    def affordable() -> int:
        if device.type != "cpu":  # the first pass on a GPU says nothing of the others
            return most
        return max(FEWEST, min(most, int(FEWEST * LONG_SECONDS / seconds(Precision(), FEWEST))))

    def isolated(precision: Precision) -> float:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            return seconds(precision, affordable())

    # Replays keep to their time on a busy host too, and recording takes longer than they do.
    return cache(isolated) if device.type == "cuda" and graph else isolated


def drawing_timer(gan: Gan, shape: ImageShape, device: torch.device) -> Callable[[], float]:
    """A function that draws as for a sample grid, and gives the seconds of a picture; the networks are left alone."""
    generator, drawing = copy.deepcopy(gan.generator).to(device).eval(), Drawing(shape.resolution, device)
    count = chunk_size(shape.resolution, device)
    z = latents.draw(range(count), gan.latent_dim)
    labels = torch.zeros(count, dtype=torch.int64) if shape.classes else None

    def once() -> float:
        start = time.perf_counter()
        with listening(lambda *_: None):
            drawing.levels(generator, drawing.latents(generator, z, labels), labels)
        return (time.perf_counter() - start) / count

    once()
    return once


def replayed(work: Callable[[], None], recorder: Recorder) -> Callable[[], None]:
    """The work as a recording, or as it is where it cannot be recorded."""
    places = [recorder.warm(work, look=True)[1] for _ in range(WARM_STEPS)]
    if places[-1]:  # it waits for the device
        return work
    try:
        return recorder.record(work)[0]
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        return work


def _pass(gan: Gan, z: Tensor, labels: Labels) -> Tensor:
    """Logits of generated images; without a discriminator, their pixels in a row."""
    images: Images = gan.generator(z, labels)
    if gan.discriminator is None:
        return torch.cat([level.flatten() for level in images])
    logits: Tensor = parted(gan.discriminator(images, labels))[0]
    return logits


def _seconds_on_gpu(play: Callable[[], None], device: torch.device) -> float:
    """The least seconds until the device has done it."""

    def finished() -> None:
        play()
        torch.cuda.synchronize(device)

    return min(_warm_seconds(finished) for _ in range(REPLAYS))


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
