"""The intervals of sample grids and checkpoints: twenty grids to a run, and fewer where they would take long.

A grid is drawn, measured and, where it is the best so far, saved with a checkpoint (`grids` has the time of it).
"""

import math
from typing import NamedTuple

from gantool.api.run_config import RunConfig
from gantool.engine.cadence import GRIDS, usual_intervals

SHARE = 0.02
"""The share of a run's time that its grids may take, beside that of untrained samples. The last is always drawn."""
LONG = 60.0
"""Seconds of training from which on there is always a grid in the middle, so that one sees where it goes."""


class Cost(NamedTuple):
    """The seconds of a grid with its measurement and a checkpoint, and those of training on an image."""

    grid: float
    image: float


def settled(config: RunConfig, cost: Cost | None = None) -> RunConfig:
    """The configuration with numbers in place of intervals at "auto", as `intervals` has them."""
    every, saving = intervals(config, cost)
    return config.model_copy(update={"snapshot_every": every, "checkpoint_every": saving})


def intervals(config: RunConfig, cost: Cost | None = None) -> tuple[int, int]:
    """The images between sample grids, and those between checkpoints, where a grid takes so long (None: unknown).

    Patience counts grids, so that a run with it has all of them.
    """
    every, saving = usual_intervals(config)
    if isinstance(config.snapshot_every, int):
        every = config.snapshot_every
    elif cost is not None and not config.patience:
        seconds = cost.image * config.images
        affordable = max(2 if seconds >= LONG else 1, int(SHARE * seconds / cost.grid))
        if affordable < GRIDS:
            every = max(every, _evenly(config, affordable))
            saving = every * math.ceil(saving / every)  # so that a checkpoint and the best are one where they can be
    return every, config.checkpoint_every if isinstance(config.checkpoint_every, int) else saving


def _evenly(config: RunConfig, count: int) -> int:
    """The images between so many grids, or some fewer, of which the last is drawn after the last step.

    Some odd lengths have none such with a small batch: then there is one more at the end.
    """
    end = math.ceil(config.images / config.batch) * config.batch
    return end // next((n for n in range(count, count // 2, -1) if end % n < config.batch), count)


def reason(config: RunConfig) -> str:
    """Why a run has fewer grids than others, in words; empty where it has as many."""
    if config.snapshot_every == usual_intervals(config)[0]:
        return ""
    return f"fewer than {GRIDS} grids, which would take more than {SHARE:.0%} of the run's time; timed on this machine"
