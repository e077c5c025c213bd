"""samples/NNNNNNNNN.png: sheets of the EMA generator's samples, from the same latents all through the run."""

from pathlib import Path

from gantool.api.events import Event, Snapshot, Started
from gantool.api.observers import Observer
from gantool.builtin.observers import SamplesOptions
from gantool.engine.run_names import SAMPLES, sheet_of
from gantool.render.captions import captions_of
from gantool.render.grids import beside, enlargement, sheet
from gantool.render.pictures import save_sheet


class Samples(Observer):
    """Writes a sheet per snapshot, named by images seen: coarse pictures enlarged, pyramids beside their finest."""

    def __init__(self, options: SamplesOptions) -> None:
        self._pixels = options.pixels
        self._run: Path | None = None
        self._side, self._class_names = 0, tuple[str, ...]()

    def __call__(self, event: Event) -> None:
        """Draw the sheet of a snapshot."""
        if isinstance(event, Started):
            self._run = event.run
            (self._run / SAMPLES).mkdir(parents=True, exist_ok=True)
            self._class_names = event.class_names
            self._side = event.resolution * enlargement(event.resolution, self._pixels)
        elif isinstance(event, Snapshot) and self._run is not None:
            cells = beside(event.images)
            scale = enlargement(event.images[-1].shape[-1], self._side)  # all sheets of a run have one size
            path = sheet_of(self._run, event.images_seen)
            names = self._class_names
            captions = captions_of(names, (seed % len(names) for seed in range(len(cells)))) if names else ()
            save_sheet(sheet(cells, scale=scale, captions=captions), path)
