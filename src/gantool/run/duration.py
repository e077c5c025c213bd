"""The time that a run will take, by steps on copies of its parts before it begins."""

import copy
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from gantool.api.networks import Stage
from gantool.api.run_config import RunConfig
from gantool.engine.component_state import advance
from gantool.engine.devices import free_memory
from gantool.engine.distributed import World
from gantool.engine.precision import Precision
from gantool.engine.spans import Others, in_words, middle_of
from gantool.engine.step import Game
from gantool.engine.turns import Turns
from gantool.errors import cause
from gantool.progress import report
from gantool.run.grids import cost_of_a_grid
from gantool.run.intervals import Cost, intervals
from gantool.run.prepare import PreparedRun, build_game

SAMPLES = 2
"""Images of the first step at each size, from which it is known whether more can be tried."""
PATIENCE, SHORT = 2.0, 30.0
"""Seconds of a step beyond which, and of all images of a size below which, no whole batch is tried."""
BUDGET = 6.0
"""Seconds after which sizes are tried by a few images only."""
BLOCKS, BLOCK_SECONDS, BLOCK_STEPS = 3, 0.3, 16
"""Steps are timed in blocks, of which the fastest and the slowest give the spread."""
TOO_LONG_TO_TRY = 20.0
"""Seconds that a first step may be expected to take; larger sizes are not tried."""
LARGER = (2.0, 3.0)
"""The factors between which the time of an image grows with each doubling of its side."""
FEWER_AT_ONCE = (0.4, 1.1)
"""A whole batch takes between these shares of what follows from a step of a few images, were all alike."""
MANY, OF_TWO_BATCHES = 4, (0.75, 1.3)
"""Where there is time for so many times the few, part of a step is known not to grow with the images: the update."""
QUIET = (0.9, 1.4)
"""A run relative to its steps: other programs, and a processor that slows as it heats."""
COPIES = 5
"""The weights themselves and, of copies, their gradients and moments."""
BEGIN = (0.3, 2.0)
"""Seconds until the first step."""
GRID = (0.5, 1.0)
"""The time of a sample grid, by what it may take: not all are saved."""
WORK = "timing a training step"

Seconds = tuple[float, float]
"""The least and the most that something takes."""
Tried = dict[tuple[int, int], Seconds]
"""Seconds an image, by resolution and batch of a stage."""


class TimingError(Exception):
    """The steps of a run cannot be tried; the message is the cause."""


@dataclass(frozen=True)
class Timing:
    """What was timed for a run before it begins: the fastest precision, and its steps."""

    precision: Precision
    tried: Tried


@dataclass(frozen=True)
class Duration:
    """The expected time of a run to its end, in seconds, and that of an image in its last stage."""

    low: float
    high: float
    last: Seconds
    tried: Tried
    grid: Cost | None = None

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
    if unknown := [part for size, part in reversed(sizes.items()) if size not in known]:
        _try(unknown, known, prepared, device, processes)
    last = known[parts[-1][0].resolution, parts[-1][0].batch]
    grid = _grid(prepared, device, middle_of(*last))
    low, high = (
        sum(images * known[stage.resolution, stage.batch][end] for stage, images in parts)
        + _beside(config, grid, sum(images for _, images in parts), end)
        for end in (0, 1)
    )
    return Duration(low, high, last, known, grid)


def _try(
    parts: Sequence[tuple[Stage, int]], known: Tried, prepared: PreparedRun, device: torch.device, processes: int
) -> None:
    """Add the seconds of an image in each of these stages to those that are known."""
    if not _fits(prepared, device):
        raise TimingError("there is too little memory for copies of the networks")
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            trial = _Trial(prepared, device, processes)
            report(WORK, 0, len(parts))
            for done, (stage, images) in enumerate(parts, 1):
                known[stage.resolution, stage.batch] = trial.expected(stage, known) or trial.seconds(stage, images)
                report(WORK, done, len(parts))
    except (Exception, SystemExit) as error:  # the run itself tells what a component or the memory does not bear
        raise TimingError(cause(error)) from error


def _beside(config: RunConfig, grid: Cost, images: int, end: int) -> float:
    """The seconds of a run beside its steps, of which so many images are left."""
    every, _ = intervals(config, grid)
    return BEGIN[end] + GRID[end] * grid.grid * images / every


def _grid(prepared: PreparedRun, device: torch.device, seconds: float) -> Cost:
    """The cost of a grid, where an image takes so many seconds. Raises TimingError where none can be drawn."""
    try:
        return cost_of_a_grid(prepared, device, seconds)
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


class _Trial:
    """Steps on copies of the networks and components of a run, as it would take them."""

    def __init__(self, prepared: PreparedRun, device: torch.device, processes: int) -> None:
        parts = replace(prepared.parts, observers=())  # no step calls them, and files or locks cannot be copied
        copied = replace(prepared, gan=copy.deepcopy(prepared.gan), parts=copy.deepcopy(parts))
        self._game: Game = build_game(copied, device, World())
        self._shape, self._config = prepared.shape, prepared.config
        self._device, self._processes, self._began = device, processes, time.monotonic()
        for network in self._game.gan.networks:
            network.train()

    @staticmethod
    def expected(stage: Stage, tried: Tried) -> Seconds | None:
        """Seconds an image by those of the size before, where a first step would take too long."""
        before = max((size for size in tried if size[0] < stage.resolution), default=None)
        if before is None:
            return None
        doublings = math.log2(stage.resolution / before[0])
        low, high = (seconds * factor**doublings for seconds, factor in zip(tried[before], LARGER, strict=True))
        return (low, high) if low * SAMPLES > TOO_LONG_TO_TRY else None

    def seconds(self, stage: Stage, images: int) -> Seconds:
        """The least and most seconds that each of so many images takes in this stage."""
        others = Others()
        advance(self._game, stage.start)
        batch, turns = max(1, stage.batch // self._processes), Turns(1, 1)  # lazy penalties are due in the first
        few = min(batch, SAMPLES * self._config.accumulate)
        first = self._step(few, stage, turns)
        first = first if first > PATIENCE else min(first, self._step(few, stage, turns))
        in_time = time.monotonic() - self._began < BUDGET
        if few == batch or (in_time and first * batch <= PATIENCE * few and first * images > SHORT * few):
            advance(self._game, stage.start + images - 1)  # augmentation may begin in mid-run
            self._step(batch, stage, turns)  # kernels are set up for each size of batch
            blocks = [self._block(batch, stage, turns) for _ in range(BLOCKS)]
            least, most = min(blocks), max(blocks)
        elif first <= PATIENCE and MANY * few <= batch:
            each = max(0.0, self._step(MANY * few, stage, turns) - first) / (MANY * few - few)
            least, most = ((first + each * (batch - few)) * share for share in OF_TWO_BATCHES)
        else:
            least, most = (first / few * batch * share for share in FEWER_AT_ONCE)
        # On a GPU this thread waits, and the share of others is not known.
        faster, slower = others.spread() if self._device.type == "cpu" else (0.0, 0.0)
        return QUIET[0] * least * (1 - faster) / stage.batch, (QUIET[1] + slower) * most / stage.batch

    def _block(self, n: int, stage: Stage, turns: Turns) -> float:
        """The mean seconds of some steps."""
        total, count = 0.0, 0
        while count < BLOCK_STEPS and total < BLOCK_SECONDS:
            total, count = total + self._step(n, stage, turns), count + 1
        return total / count

    def _step(self, n: int, stage: Stage, turns: Turns) -> float:
        shape = self._shape
        images = torch.rand(n, shape.channels, stage.resolution, stage.resolution, device=self._device) * 2 - 1
        labels = torch.zeros(n, dtype=torch.int64, device=self._device) if shape.classes else None
        begin = time.perf_counter()
        turns.play(self._game, self._game.precision.arrange(images), labels, self._config.instance_noise)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter() - begin
