"""The time that a run will take, by steps on copies of its parts before it begins."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from gantool.api.networks import Stage
from gantool.api.run_config import RunConfig
from gantool.engine.devices import free_memory
from gantool.engine.precision import Precision
from gantool.engine.spans import in_words, middle_of
from gantool.errors import cause
from gantool.progress import report
from gantool.run.grids import ImageTimer, cost_of_a_grid
from gantool.run.intervals import Cost, intervals
from gantool.run.prepare import PreparedRun
from gantool.run.trial_steps import Seconds, Trial, Tried

COPIES = 5
"""The weights themselves and, of copies, their gradients and moments."""
BEGIN = (0.3, 2.0)
"""Seconds until the first step."""
GRID = (0.5, 1.0)
"""The time of a sample grid, by what it may take: not all are saved."""
WORK = "timing a training step"


class TimingError(Exception):
    """The steps of a run cannot be tried; the message is the cause."""


@dataclass(frozen=True)
class Timing:
    """What was timed for a run before it begins: the fastest precision, and its steps, beside other programs."""

    precision: Precision
    tried: Tried
    others: float = 0.0


@dataclass(frozen=True)
class Duration:
    """The expected time of a run to its end, in seconds, and that of an image in its last stage.

    `others` is the share that other programs had in the processor while steps were tried, 0 where none were.
    """

    low: float
    high: float
    last: Seconds
    tried: Tried
    grid: Cost | None = None
    others: float = 0.0

    def of(self, times: float) -> Seconds:
        """The least and the most that so many times the images would take: a run begins but once."""
        low, high = ((end - begin) * times + begin for end, begin in zip((self.low, self.high), BEGIN, strict=True))
        return low, high

    @property
    def middle(self) -> float:
        """The time to speak of."""
        return middle_of(self.low, self.high)

    def __str__(self) -> str:
        """In words: `about 14 min (12 to 17)`."""
        return in_words(self.low, self.high)


def duration(
    prepared: PreparedRun, device: torch.device, since: int = 0, processes: int = 1, tried: Tried | None = None
) -> Duration | None:
    """The time of a run from `since` images on, as `time_of` has it.

    None where a step cannot be tried, or there is nothing left to train.
    """
    if since >= prepared.config.images:
        return None
    try:
        return time_of(prepared, device, since, processes, tried)
    except TimingError:
        return None


def time_of(
    prepared: PreparedRun, device: torch.device, since: int = 0, processes: int = 1, tried: Tried | None = None
) -> Duration:
    """The time of a run from `since` images on; `tried` has the seconds of sizes that were tried before.

    Nothing of the run changes. Raises TimingError, with the cause, where a step cannot be tried.
    """
    config, known = prepared.config, dict(tried or {})
    parts = [
        (stage, min(end, config.images) - max(stage.start, since))
        for stage, end in _ends(prepared)
        if min(end, config.images) > max(stage.start, since)
    ]
    sizes = {(stage.resolution, stage.batch): (stage, images) for stage, images in reversed(parts)}
    unknown = [part for size, part in reversed(sizes.items()) if size not in known]
    trial = _try(unknown, known, prepared, device, processes) if unknown else None
    stage, _ = parts[-1]
    last = known[stage.resolution, stage.batch]
    grid = _grid(prepared, device, last, lambda: (trial or Trial(prepared, device, processes)).image_timer(stage))
    low, high = (
        sum(images * known[stage.resolution, stage.batch][end] for stage, images in parts)
        + _beside(config, grid, sum(images for _, images in parts), end)
        for end in (0, 1)
    )
    return Duration(low, high, last, known, grid, 0.0 if trial is None else trial.others)


def _try(
    parts: Sequence[tuple[Stage, int]], known: Tried, prepared: PreparedRun, device: torch.device, processes: int
) -> Trial:
    """Add the seconds of an image in each of these stages to those that are known; the copies that were tried."""
    if not _fits(prepared, device):
        raise TimingError("there is too little memory for copies of the networks")
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            trial = Trial(prepared, device, processes)
            report(WORK, 0, len(parts))
            for done, (stage, images) in enumerate(parts, 1):
                known[stage.resolution, stage.batch] = trial.expected(stage, known) or trial.seconds(stage, images)
                report(WORK, done, len(parts))
            return trial
    except (Exception, SystemExit) as error:  # the run itself tells what a component or the memory does not bear
        raise TimingError(cause(error)) from error


def _beside(config: RunConfig, grid: Cost, images: int, end: int) -> float:
    """The seconds of a run beside its steps, of which so many images are left."""
    every, _ = intervals(config, grid)
    return BEGIN[end] + GRID[end] * grid.grid * images / every


def _grid(prepared: PreparedRun, device: torch.device, last: Seconds, timer: Callable[[], ImageTimer]) -> Cost:
    """The cost of a grid, where an image takes so many seconds. Raises TimingError where none can be drawn."""
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            return cost_of_a_grid(prepared, device, middle_of(*last), timer)
    except (Exception, SystemExit) as error:
        raise TimingError(cause(error)) from error


def _fits(prepared: PreparedRun, device: torch.device) -> bool:
    """True if there is memory for copies of the networks that learn."""
    weights = sum(weight.nbytes for network in prepared.gan.networks for weight in network.parameters())
    free = free_memory(device)
    return free is None or COPIES * weights < free


def _ends(prepared: PreparedRun) -> Iterator[tuple[Stage, int]]:
    starts = [stage.start for stage in prepared.stages[1:]]
    return zip(prepared.stages, [*starts, prepared.config.images], strict=True)
