"""The memory of a run's stages, and warnings of those that it does not reach or has too little memory for."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from gantool.api.networks import Stage
from gantool.engine import memory_estimate
from gantool.engine.devices import free_memory
from gantool.engine.stages import stage_at
from gantool.run.prepare import PreparedRun

LARGE = 500_000
"""Pixels of a batch below which a run of one stage is not asked for its memory, which takes up to a second."""


def memory_of(prepared: PreparedRun, stages: Sequence[Stage]) -> tuple[int, ...]:
    """The bytes that a step of each of these stages takes, by an estimate."""
    gan, accumulate = prepared.gan, prepared.config.accumulate
    penalties = copy.deepcopy(prepared.parts.penalties)  # those that adapt must not adapt to this
    estimated: dict[tuple[int, int], int] = {}
    for stage in stages:
        size = (stage.resolution, stage.batch)  # of the stages of one size the first is a fade, which keeps the most
        if size not in estimated:
            part = replace(stage, batch=max(1, stage.batch // accumulate))
            estimated[size] = memory_estimate.memory_estimate(
                gan, part, prepared.shape.classes, penalties, prepared.config.updates == "simultaneous"
            )
    gan.advance(0)
    return tuple(estimated[stage.resolution, stage.batch] for stage in stages)


def of_stages(prepared: PreparedRun, device: torch.device, images_seen: int, processes: int) -> Iterator[str]:
    """Warnings of stages that the run does not reach, or for which there is too little memory."""
    config, stages = prepared.config, prepared.stages
    last, reached = stages[-1], stage_at(stages, config.images - 1)
    if reached is not last:
        yield (
            f"--images {config.images:,} ends the run in the stage {reached.title!r}; the last one, {last.title!r}, "
            f"would begin at {last.start:,}. Give more --images, or shorter stages to a new run; --dry-run shows them."
        )
    now = stage_at(stages, images_seen)
    to_come = [
        replace(stage, batch=max(1, stage.batch // processes))
        for stage in stages
        if now.start <= stage.start < config.images
    ]
    free = _free(prepared, device)
    if free is None:
        return
    with torch.random.fork_rng(devices=[]):
        memory = memory_of(prepared, to_come)
    short = [(stage, needed) for stage, needed in zip(to_come, memory, strict=True) if needed > free]
    if short:
        stage, needed = short[0]
        grows = len(stages) > 1
        when = f"From {stage.start:,} images on, at {stage.resolution} pixels, a" if grows else "A"
        yield (
            f"{when} step will need about {needed / 2**30:.1f} GiB; {free / 2**30:.1f} GiB are free on {device}. Lower "
            f"--batch (it is {config.batch}) or --resolution, or make the networks narrower"
            f"{'; --dry-run shows each stage' if grows else ': the system may end the run without a word'}."
        )


def _free(prepared: PreparedRun, device: torch.device) -> int | None:
    """The free bytes of the device; None where they are unknown, or the first step tells better that they are too few.

    It does on a GPU. Of a CPU's memory a system gives more than there is, and then ends the program that uses it.
    """
    config = prepared.config
    if len(prepared.stages) == 1 and (device.type != "cpu" or config.batch * config.resolution**2 < LARGE):
        return None
    return free_memory(device)
