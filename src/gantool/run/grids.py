"""The time of a sample grid with its measurement and a checkpoint: timed once on a machine, and kept."""

import torch

from gantool.api.networks import Stage
from gantool.engine.kept import keep, kept, machine
from gantool.engine.snapshots import cells_of
from gantool.engine.stages import full_grown, stage_at
from gantool.engine.timing import drawing_seconds
from gantool.files import cache_folder
from gantool.run.intervals import Cost
from gantool.run.prepare import PreparedRun

MEASURED, MEASURED_PIXELS, FEWEST_MEASURED = 64, 2**21, 16
"""The samples that the watch measures, fewer where their pixels would be more, and the fewest."""
SLOW, DRAWING = 5.0, 0.08
"""Seconds of an image beyond which no drawing is tried; that of a picture then, relative to training on one."""
PIXELS, BYTES = 5e6, 4e8
"""Pixels of samples that are measured and encoded in a second, and bytes of a checkpoint that are written in one."""


def cost_of_a_grid(prepared: PreparedRun, device: torch.device, seconds: float) -> Cost:
    """The cost of a grid of a run that takes so many seconds for an image: as it was found first, in two digits.

    Raises what a generator raises that cannot draw.
    """
    config, file = prepared.config, cache_folder() / "grids.json"
    side = _last_stage(prepared).resolution
    entry = f"{machine(device)}: {config.arch} at {side} of {config.resolution} pixels, batch {config.batch}, "
    entry += f"{config.channels} channels, {config.precision}, {config.layout}, {config.convolutions}"
    known = kept(file)
    try:
        grid, image = map(float, known[entry].split())
    except (KeyError, ValueError, AttributeError):
        found = f"{_grid_seconds(prepared, device, seconds):.2g} {seconds:.2g}"
        keep(file, known | {entry: found})
        grid, image = map(float, found.split())
    return Cost(grid, image)


def _grid_seconds(prepared: PreparedRun, device: torch.device, seconds: float) -> float:
    """The seconds of a grid with its measurement and a checkpoint, where an image takes so many."""
    stage, gan = _last_stage(prepared), prepared.gan
    side = stage.resolution
    samples = max(cells_of(prepared.shape.resolution), min(MEASURED, max(FEWEST_MEASURED, MEASURED_PIXELS // side**2)))
    if seconds > SLOW:
        each = DRAWING * seconds
    else:
        with full_grown(gan, [stage]):
            each = drawing_seconds(gan, prepared.shape, device)
    weights = [sum(weight.nbytes for weight in network.parameters()) for network in gan.networks]
    saved = 3 * sum(weights) + weights[0]  # with two moments each, and the average of the generator
    return samples * (each + side**2 / PIXELS) + saved / BYTES


def _last_stage(prepared: PreparedRun) -> Stage:
    """The last stage that the run reaches, in which networks that grow spend most of its time."""
    return stage_at(prepared.stages, prepared.config.images - 1)
