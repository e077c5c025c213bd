"""What a run will take, told before it begins: parameters, stages, and the memory of each."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from gantool.api.contracts import Gan, Stage
from gantool.api.run_config import RunConfig
from gantool.api.specs import ImageShape, Look
from gantool.engine import memory_estimate
from gantool.engine.devices import free_memory, pick_device
from gantool.engine.precision import Precision
from gantool.engine.stages import check_parts, stage_at, stages_of
from gantool.engine.timing import forward_seconds
from gantool.plugins.host import host
from gantool.run.conflicts import refuse_conflicts
from gantool.run.prepare import (
    build_gan,
    build_source,
    check_batch,
    explaining_memory,
    penalties_of,
    try_guests,
)
from gantool.run.resolve import resolve_source
from gantool.run.warnings import doubts

FORWARDS_PER_STEP = 6
"""A step takes about as long as so many forward passes of both networks: 3 measured with dcgan, 9 with progressive."""
HOURS = 3600
LONG_RUN = 6 * HOURS
"""A run on a CPU that takes longer is told of before it begins."""
TOO_LONG_TO_TRY = 10.0
"""Where an image takes so many seconds, no larger size is tried: they take longer still."""
PLENTY = 10
"""Times a batch: a source that names so many pictures is not read to see whether enough of them can be used."""


@dataclass(frozen=True)
class Forecast:
    """What `--dry-run` tells; `memory` is of each of the `stages`, `memory_bytes` the most of them.

    Precision and layout are as the configuration has them, since measuring which is faster takes time.
    """

    config: RunConfig
    generator: int
    discriminator: int
    stages: tuple[Stage, ...]
    memory: tuple[int, ...]
    doubts: tuple[str, ...] = ()

    @property
    def memory_bytes(self) -> int:
        """What the heaviest stage takes of those that `--images` reaches."""
        return max(m for stage, m in zip(self.stages, self.memory, strict=True) if stage.start < self.config.images)


def forecast(config: RunConfig) -> Forecast:
    """Trainable parameters and memory of a configuration, by the names of the images where these say enough.

    Raises what the run would raise, such as DataError for a batch of more images than there are.
    """
    images, classes = _counts(config)
    check_batch(config, images)
    with explaining_memory(config), torch.random.fork_rng(devices=[]):
        gan, shape = build_gan(config, tuple(map(str, range(classes))))
        refuse_conflicts(config, gan)
        try_guests(config, gan, shape, pick_device(config.device))
        stages = stages_of(gan, config.resolution, config.batch)
        check_parts(stages, config.accumulate)
        memory = _memory(config, gan, stages, shape.classes)
        told = (*doubts(config, gan, images=images), *_patience(config, gan, shape, pick_device(config.device)))
    sizes = memory_estimate.trainable(gan.generator), sum(map(memory_estimate.trainable, gan.networks[1:]))
    return Forecast(config, *sizes, stages, memory, told)


def _counts(config: RunConfig) -> tuple[int, int]:
    """How many images there are, and how many classes are learnt."""
    look = resolve_source(host(), config.data).natural()
    # A quick look at a folder counts both; other sources know them, or that they have none, when built.
    if isinstance(look, Look) and (look.pictures or 0) >= PLENTY * config.batch and (look.classes or not config.labels):
        return look.pictures or 0, look.classes if config.labels else 0
    source = build_source(config)
    return len(source), len(source.class_names) if config.labels else 0


def _memory(config: RunConfig, gan: Gan, stages: Sequence[Stage], classes: int) -> tuple[int, ...]:
    penalties = penalties_of(config)
    estimated: dict[tuple[int, int], int] = {}
    for stage in stages:
        size = (stage.resolution, stage.batch)  # of the stages of one size the first is a fade, which keeps the most
        if size not in estimated:
            estimated[size] = memory_estimate.memory_estimate(
                gan, replace(stage, batch=max(1, stage.batch // config.accumulate)), classes, penalties
            )
    gan.advance(0)
    return tuple(estimated[stage.resolution, stage.batch] for stage in stages)


def forewarnings(
    config: RunConfig, gan: Gan, shape: ImageShape, device: torch.device, images_seen: int, processes: int
) -> Iterator[str]:
    """What should be said at the start of a run that goes on from `images_seen`, and not when it comes to pass."""
    if images_seen == 0 and processes == 1:
        yield from _patience(config, gan, shape, device)
    stages, free = stages_of(gan, config.resolution, config.batch), free_memory(device)
    if len(stages) == 1 or images_seen >= config.images:
        return
    last, reached = stages[-1], stage_at(stages, config.images - 1)
    if reached is not last:
        yield (
            f"--images {config.images:,} ends the run in the stage {reached.title!r}; the last one, {last.title!r}, "
            f"would begin at {last.start:,}. Give more --images, or shorter stages to a new run; --dry-run shows them."
        )
    if free is None:
        return
    now = stage_at(stages, images_seen)
    to_come = [
        replace(stage, batch=max(1, stage.batch // processes))
        for stage in stages
        if now.start <= stage.start < config.images
    ]
    with torch.random.fork_rng(devices=[]):
        memory = _memory(config, gan, to_come, shape.classes)
    short = [(stage, needed) for stage, needed in zip(to_come, memory, strict=True) if needed > free]
    if short:
        stage, needed = short[0]
        yield (
            f"From {stage.start:,} images on, at {stage.resolution} pixels, a step will need about "
            f"{needed / 2**30:.1f} GiB; {free / 2**30:.1f} GiB are free on {device}. Lower --batch "
            f"(it is {config.batch}) or --resolution, or make the networks narrower; --dry-run shows each stage."
        )


def _patience(config: RunConfig, gan: Gan, shape: ImageShape, device: torch.device) -> Iterator[str]:
    """That a run would take days on this CPU, by forward passes at each size it comes to."""
    if device.type != "cpu":
        return
    twin = copy.deepcopy(gan)
    for network in twin.networks:
        network.eval()
    precision = Precision("bf16" if config.precision == "bf16" else "float32")
    stages = [stage for stage in stages_of(twin, config.resolution, config.batch) if stage.start < config.images]
    seconds, size, needed = 0.0, 0, 0.0
    for stage, end in zip(stages, [*(stage.start for stage in stages[1:]), config.images], strict=True):
        if stage.resolution != size and seconds < TOO_LONG_TO_TRY:
            twin.advance(stage.start)
            seconds, size = FORWARDS_PER_STEP * forward_seconds(twin, shape, precision), stage.resolution
        needed += (end - stage.start) * seconds
    if needed < LONG_RUN:
        return
    about = "about" if size == stages[-1].resolution else "more than"
    fewer = int(config.images * HOURS / needed / 1000)
    an_hour = f" ({fewer}k take about an hour)" if fewer and about == "about" else ""
    yield (
        f"On this CPU the run will take {about} {_time(needed)}: {config.images:,} images, and at {size} pixels about "
        f"{1 / seconds:.2g} of them a second. Give fewer --images{an_hour}, a lower --resolution or narrower "
        f"networks ('gantool plugins show {config.arch.partition(':')[0]}' has the options), or train on a GPU."
    )


def _time(seconds: float) -> str:
    hours = seconds / HOURS
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:,.0f} days"
