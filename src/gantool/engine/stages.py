"""The stages of a run, by images seen."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from gantool.api.networks import Gan, Stage
from gantool.errors import OptionError


def stages_of(gan: Gan, resolution: int, batch: int) -> tuple[Stage, ...]:
    """All stages of a run; an architecture that does not grow has one."""
    return tuple(gan.stages(batch)) or (Stage(0, resolution, batch),)


def stage_at(stages: Sequence[Stage], images_seen: int) -> Stage:
    """The stage that a step beginning at `images_seen` belongs to."""
    return max((stage for stage in stages if stage.start <= images_seen), key=lambda stage: stage.start)


def check_parts(stages: Sequence[Stage], parts: int, processes: int = 1) -> None:
    """Raise OptionError if a stage's batch does not divide among the processes, and a share into micro-batches."""
    for stage in stages:
        batch, rest = divmod(stage.batch, processes)
        if rest and stage.title:
            raise OptionError(
                f"In the stage {stage.title!r} the batch is {stage.batch}, which {processes} processes cannot share: "
                "give a larger --batch, an architecture whose batch does not shrink, or fewer processes."
            )
        if rest:
            raise OptionError(
                f"--batch {stage.batch} cannot be shared by {processes} processes; use a multiple of {processes}."
            )
        if parts > 1 and (batch % parts or batch // parts < 2):
            where = f"in the stage {stage.title!r}, where it is {batch}" if stage.title else f"of {batch}"
            raise OptionError(
                f"--accumulate {parts} does not fit the batch {where}: it must divide it into micro-batches of at "
                "least 2 images. Give a larger --batch or a smaller --accumulate."
            )


def enter(stage: Stage, stages: Sequence[Stage], since: int, optimizers: Sequence[torch.optim.Optimizer]) -> None:
    """Clear the optimizers' moments if a stage that asks for it has begun after the one that began at `since`."""
    if any(begun.fresh_moments for begun in stages if since < begun.start <= stage.start):
        for optimizer in optimizers:
            optimizer.state.clear()


@contextmanager
def full_grown(gan: Gan, stages: Sequence[Stage]) -> Iterator[None]:
    """Set the networks to their last stage inside the block; afterwards they are at the first."""
    gan.advance(stages[-1].start)
    try:
        yield
    finally:
        gan.advance(0)
