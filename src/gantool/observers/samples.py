"""samples/NNNNNNNNN.png: what the averaged generator makes of the same latents all through the run, in true colours."""

from pathlib import Path

from gantool.engine.events import Event, Snapshot, Started
from gantool.observers import SamplesOptions
from gantool.render.grids import sheet
from gantool.render.pictures import save_pictures

FOLDER = "samples"


class Samples:
    """Writes one sheet a snapshot, named by images seen."""

    def __init__(self, options: SamplesOptions) -> None:
        self._pixels = options.pixels
        self._folder: Path | None = None

    def __call__(self, event: Event) -> None:
        """Draw the sheet of a snapshot."""
        if isinstance(event, Started):
            self._folder = event.run / FOLDER
            self._folder.mkdir(parents=True, exist_ok=True)
        elif isinstance(event, Snapshot) and self._folder is not None:
            finest = event.images[-1]
            scale = max(1, self._pixels // finest.shape[-1])
            path = self._folder / f"{event.images_seen:09d}.png"
            save_pictures([sheet(finest, scale=scale)], [path], overwrite=True)
