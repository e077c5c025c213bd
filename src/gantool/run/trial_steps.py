"""Training steps that are timed before a run begins, on copies of its parts."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from gantool.api.networks import Stage
from gantool.engine.component_state import advance
from gantool.engine.distributed import World
from gantool.engine.spans import Others, middle_of
from gantool.engine.step import Game
from gantool.engine.turns import Turns
from gantool.run.prepare import PreparedRun, build_game

SAMPLES = 2
"""Images of the first step at each size, from which it is known whether more can be tried."""
PATIENCE, SHORT = 2.0, 30.0
"""Seconds of a step beyond which, and of all images of a size below which, no whole batch is tried."""
BUDGET = 6.0
"""Seconds after which sizes are tried by a few images only."""
BLOCKS, BLOCK_SECONDS, BLOCK_STEPS, SHARE = 3, 0.3, 16, 20
"""Steps are timed in blocks of at most 1/20 of a run, of which the fastest and the slowest give the spread."""
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

Seconds = tuple[float, float]
"""The least and the most that something takes."""
Tried = dict[tuple[int, int], Seconds]
"""Seconds an image, by resolution and batch of a stage."""


class Trial:
    """Steps on copies of the networks and components of a run, as it would take them."""

    def __init__(self, prepared: PreparedRun, device: torch.device, processes: int) -> None:
        parts = replace(prepared.parts, observers=())  # no step calls them, and files or locks cannot be copied
        copied = replace(prepared, gan=copy.deepcopy(prepared.gan), parts=copy.deepcopy(parts))
        self._game: Game = build_game(copied, device, World())
        self._shape, self._config = prepared.shape, prepared.config
        self._device, self._processes, self._began = device, processes, time.monotonic()
        self.others = 0.0
        """The largest share that other programs had in the processor."""
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
            steps = min(BLOCK_STEPS, max(1, images // (SHARE * stage.batch)))
            blocks = [self._block(batch, stage, turns, steps) for _ in range(BLOCKS)]
            least, most = min(blocks), max(blocks)
        elif first <= PATIENCE and MANY * few <= batch:
            each = max(0.0, self._step(MANY * few, stage, turns) - first) / (MANY * few - few)
            least, most = ((first + each * (batch - few)) * share for share in OF_TWO_BATCHES)
        else:
            least, most = (first / few * batch * share for share in FEWER_AT_ONCE)
        # On a GPU this thread waits, and the share of others is not known.
        faster, slower = others.spread() if self._device.type == "cpu" else (0.0, 0.0)
        self.others = max(self.others, faster)
        return QUIET[0] * least * (1 - faster) / stage.batch, (QUIET[1] + slower) * most / stage.batch

    def image_timer(self, stage: Stage) -> Callable[[], float]:
        """A function that takes one more step of this stage, and gives the seconds of each of its images."""
        advance(self._game, stage.start)
        batch, turns = max(1, stage.batch // self._processes), Turns(1, 1)
        few = min(batch, SAMPLES * self._config.accumulate)
        if self._step(few, stage, turns) * batch <= PATIENCE * few:
            return lambda: self._step(batch, stage, turns) / stage.batch
        share = middle_of(*FEWER_AT_ONCE) * batch / few
        return lambda: self._step(few, stage, turns) * share / stage.batch

    def _block(self, n: int, stage: Stage, turns: Turns, steps: int) -> float:
        """The mean seconds of so many steps, fewer where they take long."""
        total, count = 0.0, 0
        while count < steps and total < BLOCK_SECONDS:
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
