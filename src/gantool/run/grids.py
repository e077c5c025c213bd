"""The time of a sample grid with its measurement and a checkpoint: timed once on a machine, and kept."""

import time
from collections.abc import Callable
from itertools import takewhile

import torch

from gantool.api.networks import Stage
from gantool.engine.kept import keep, kept, machine
from gantool.engine.snapshots import cells_of
from gantool.engine.stages import full_grown, stage_at
from gantool.engine.timing import drawing_timer
from gantool.files import cache_folder
from gantool.progress import report
from gantool.run.intervals import Cost
from gantool.run.prepare import PreparedRun

MEASURED, MEASURED_PIXELS, FEWEST_MEASURED = 64, 2**21, 16
"""The samples that the watch measures, fewer where their pixels would be more, and the fewest."""
ROUNDS, LONGEST = 5, 4.0
"""Grids and steps are timed so often, and no more of them begin after so many seconds."""
SLOW, DRAWING = 5.0, 0.08
"""Seconds of an image beyond which no drawing is tried; that of a picture then, relative to training on one."""
PIXELS, BYTES = 5e6, 4e8
"""Pixels of samples that are measured and encoded in a second, and bytes of a checkpoint that are written in one."""
TIMING = "timing a sample grid"

ImageTimer = Callable[[], float]
"""Gives the seconds of a training image, by one more step."""


def cost_of_a_grid(
    prepared: PreparedRun, device: torch.device, expected: float, timer: Callable[[], ImageTimer]
) -> Cost:
    """The cost of a grid, as it was found first here, in two digits. An image is expected to take so many seconds.

    Raises what a generator raises that cannot draw.
    """
    config, file = prepared.config, cache_folder() / "grids.json"
    side = _last_stage(prepared).resolution
    entry = f"{machine(device)}: {config.arch} at {side} of {config.resolution} pixels, batch {config.batch}, "
    plays = prepared.precision  # in the settings it may be "auto" still
    entry += f"{config.channels} channels, {plays.name}, {plays.layout}, {plays.convolutions}, "
    entry += f"{config.updates}, {config.accumulate} parts, {'+'.join(config.penalty)}, {config.augment}"
    known = kept(file)
    try:
        grid, image = map(float, known[entry].split())
    except (KeyError, ValueError, AttributeError):
        report(TIMING, 0, 1)
        found = " ".join(f"{seconds:.2g}" for seconds in _timed(prepared, device, expected, timer))
        report(TIMING, 1, 1)
        keep(file, known | {entry: found})
        grid, image = map(float, found.split())
    return Cost(grid, image)


def _timed(prepared: PreparedRun, device: torch.device, expected: float, timer: Callable[[], ImageTimer]) -> Cost:
    stage, gan = _last_stage(prepared), prepared.gan
    side = stage.resolution
    samples = max(cells_of(prepared.shape.resolution), min(MEASURED, max(FEWEST_MEASURED, MEASURED_PIXELS // side**2)))
    each, image = DRAWING * expected, expected
    if expected <= SLOW:
        with full_grown(gan, [stage]):
            draw = drawing_timer(gan, prepared.shape, device)
        train, until = timer(), time.monotonic() + LONGEST
        # One after the other, since what they are in proportion to each other counts, and other programs come and go.
        rounds = [(draw(), train()) for _ in takewhile(lambda _: time.monotonic() < until, range(ROUNDS))]
        each, image = map(min, zip(*rounds, strict=True))
    weights = [sum(weight.nbytes for weight in network.parameters()) for network in gan.networks]
    saved = 3 * sum(weights) + weights[0]  # with two moments each, and the average of the generator
    return Cost(samples * (each + side**2 / PIXELS) + saved / BYTES, image)


def _last_stage(prepared: PreparedRun) -> Stage:
    """The last stage that the run reaches, in which networks that grow spend most of its time."""
    return stage_at(prepared.stages, prepared.config.images - 1)
