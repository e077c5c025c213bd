"""TensorBoard as an observer: `gantool train --log tensorboard`. This page imports no torch."""

from pathlib import Path

import gantool


class TensorBoardOptions(gantool.Options):
    """Options of `tensorboard`."""

    folder: Path | None = gantool.option(
        None, "event files go to a folder in it that is named like the run; none: to RUN/tensorboard"
    )
    flush: float = gantool.option(30.0, "seconds until what was told is on disk at the latest", gt=0)
    images: bool = gantool.option(True, "sample sheets at every snapshot")


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
