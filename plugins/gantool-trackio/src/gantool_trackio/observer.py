"""The observer that writes to Trackio. The step of every curve is the number of images seen."""

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

import gantool
from gantool import commands
from gantool_trackio import TrackioOptions


def build(options: TrackioOptions) -> "Trackio":
    """The observer. Raises GantoolError when the package trackio is missing or cannot be used."""
    try:
        with redirect_stdout(sys.stderr):
            import trackio  # noqa: F401 (now, and not when the run has begun)
    except ImportError as error:
        raise gantool.GantoolError(
            f"The observer trackio cannot import the package trackio ({error}). Install it: "
            "pip install 'trackio>=0.30'."
        ) from error
    return Trackio(options)


class Trackio(gantool.Observer):
    """Writes a run of the project, named like the run folder; a resumed run goes on with it."""

    def __init__(self, options: TrackioOptions) -> None:
        self._options = options
        self._run: Any = None

    def __call__(self, event: gantool.Event) -> None:
        """Write the event down. Trackio prints to stdout, which is for results."""
        with redirect_stdout(sys.stderr):
            self._tell(event)

    def _tell(self, event: gantool.Event) -> None:
        if isinstance(event, gantool.Started):
            self._run = self._begin(event)
        if self._run is None:
            return
        step = event.images_seen
        match event:
            case gantool.Tick():
                speed = {"speed/images_per_second": event.images_per_second}
                self._run.log({**_named("training", event.scalars), **_named("status", event.status), **speed}, step)
            case gantool.Measured():
                score = {} if event.score is None else {"score": event.score}
                self._run.log(_named("measured", {**event.values, **score}), step)
            case gantool.Snapshot() if self._options.images:
                self._run.log(_sheets(event), step)
            case gantool.Warned():
                self._run.alert("Warning", event.message, step=step)
            case gantool.Finished():
                import trackio

                trackio.finish()  # which the run's own method is not: that is called once more, and prints, at the exit
                self._run = None

    def _begin(self, event: gantool.Started) -> Any:
        import trackio

        about = {"architecture": event.architecture, "device": event.device, "precision": event.precision}
        return trackio.init(
            project=self._options.project,
            name=event.run.name,
            config={**event.config.model_dump(mode="json"), **about},
            resume="allow" if event.images_seen else "never",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )


def _named(group: str, values: Mapping[str, float]) -> dict[str, float]:
    return {f"{group}/{name}": value for name, value in values.items()}


def _sheets(event: gantool.Snapshot) -> dict[str, Any]:
    import numpy as np
    import trackio

    sheets = {}
    for level in event.images:
        name = "samples" if level is event.images[-1] else f"levels/{level.shape[-1]}"
        pixels = np.asarray(commands.sheet(level).convert("RGB"))
        sheets[name] = trackio.Image(pixels, caption=f"{event.images_seen:,} images seen")
    return sheets
