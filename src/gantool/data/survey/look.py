"""Some pictures of a folder as training would see them, for `gantool data check`."""

import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.data.pictures.labels import labelled
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.worker import Task
from gantool.data.pictures.workers import spread
from gantool.data.survey.check import Report
from gantool.errors import DataError, printable

COUNT = 64


def some_pictures(options: FolderOptions, report: Report) -> UInt8[Tensor, "n c h w"]:
    """Usable pictures at equal distances through the whole folder, at most 64.

    `report` is that of `check` with the same options. Raises DataError when none of them can be used any more.
    """
    assert report.training is not None
    side, channels = report.training.resolution, report.training.channels
    listing = labelled(options).listing
    broken = {file.path for file in report.broken}
    usable = [item for item in listing.items if printable(item.path) not in broken]
    chosen = replace(listing, items=tuple(usable[:: max(1, math.ceil(len(usable) / COUNT))]))
    with TemporaryDirectory() as folder:
        rows = Path(folder) / "rows"
        rows.touch()
        task = Task(options, side, channels, rows, report.ranges)
        drawn = sorted(index for index, answer in spread(chosen, task, "drawing the sheet") if "reason" not in answer)
        if not drawn:
            raise DataError(f"The pictures in {options.path} were changed meanwhile: the same command again.")
        pixels = np.fromfile(rows, np.uint8).reshape(-1, channels, side, side)
    return torch.from_numpy(pixels[drawn])
