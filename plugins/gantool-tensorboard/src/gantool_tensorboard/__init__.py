"""TensorBoard as an observer: `gantool train --log tensorboard`. This page imports no torch."""

from pathlib import Path

import gantool


class TensorBoardOptions(gantool.Options):
    """Options of `tensorboard`."""

    folder: Path | None = gantool.option(
        None, "parent folder for event files, in a folder named like the run; none: RUN/tensorboard"
    )
    flush: float = gantool.option(30.0, "seconds between two flushes to disk, at the most", gt=0)
    images: bool = gantool.option(True, "write sample grids at every snapshot")


@gantool.hookimpl
def gantool_observers() -> list[gantool.Component]:
    """The one observer."""
    return [
        gantool.Component(
            "tensorboard",
            "Curves, sample sheets and warnings for TensorBoard",
            TensorBoardOptions,
            "gantool_tensorboard.observer:build",
        )
    ]
