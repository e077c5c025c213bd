"""Trackio as an observer: `gantool train --log trackio`. This page imports no torch."""

import gantool


class TrackioOptions(gantool.Options):
    """Options of `trackio`."""

    project: str = gantool.option("gantool", "the project in which the run is shown")
    images: bool = gantool.option(True, "write sample grids at every snapshot")


@gantool.hookimpl
def gantool_observers() -> list[gantool.Component]:
    """The one observer."""
    return [
        gantool.Component(
            "trackio",
            "Curves, sample sheets, warnings and settings for Trackio, which needs no account",
            TrackioOptions,
            "gantool_trackio.observer:build",
        )
    ]
