"""Some pictures as training would see them, for `gantool data check`."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.api.data import Source
from gantool.data.pictures.labels import labelled
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.worker import Task
from gantool.data.pictures.workers import spread
from gantool.data.survey.check import Training
from gantool.data.survey.surveys import Survey
from gantool.errors import DataError

COUNT = 64
Item = TypeVar("Item")


def some_pictures(
    options: FolderOptions, survey: Survey, training: Training, most: int = COUNT
) -> UInt8[Tensor, "n c h w"]:
    """Usable pictures at equal distances through the whole folder, at most so many.

    `survey` is that of the same options. Raises DataError when none of them can be used any more.
    """
    side, channels = training.resolution, training.channels
    listing = labelled(options).listing
    broken = {path for path, _ in survey.broken}
    usable = [item for item in listing.items if item.path not in broken]
    chosen = replace(listing, items=tuple(_some(usable, most)))
    with TemporaryDirectory() as folder:
        rows = Path(folder) / "rows"
        rows.touch()
        task = Task(options, side, channels, rows, survey.ranges)
        drawn = sorted(index for index, answer in spread(chosen, task, "drawing the sheet") if "reason" not in answer)
        if not drawn:
            raise DataError(f"The pictures in {options.path} were changed meanwhile: the same command again.")
        pixels = np.fromfile(rows, np.uint8).reshape(-1, channels, side, side)
    return torch.from_numpy(pixels[drawn])


def some_images(source: Source, most: int = COUNT) -> UInt8[Tensor, "n c h w"]:
    """Images at equal distances through a source, at most so many."""
    return torch.stack([source[index][0] for index in _some(range(len(source)), most)])


def _some(items: Sequence[Item], most: int) -> Sequence[Item]:
    return items[:: max(1, math.ceil(len(items) / most))]
