"""The sheet of `gantool stylize`: content, styles and result side by side, a row for each picture."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from gantool.cli.output import say
from gantool.data.pictures.color import flattened
from gantool.data.pictures.whole import Picture, read_picture
from gantool.render.grids import one_below_another, side_by_side
from gantool.render.pictures import save_pictures, to_pil

MOST_ROWS, ROW_HEIGHT = 48, 256
"""Rows of the sheet of a folder, and their height in pixels at most."""


class Sheet:
    """Collects rows, those of a folder reduced; without a path it does nothing."""

    def __init__(self, path: Path | None, styles: Sequence[Path], folder: bool) -> None:
        self._path, self._styles, self._folder = path, styles, folder
        self._rows: list[Image.Image] = []
        self._left_out = 0

    def add(self, content: Picture, result: Image.Image) -> None:
        """Add a row."""
        if self._path is None:
            return
        if len(self._rows) == MOST_ROWS:
            self._left_out += 1
            return
        styles = [to_pil(read_picture(style, max(result.size)).pixels) for style in self._styles]
        last = flattened(result, "white")
        if self._folder and last.height > ROW_HEIGHT:
            width = max(1, round(last.width * ROW_HEIGHT / last.height))
            last = last.resize((width, ROW_HEIGHT), Image.Resampling.LANCZOS)
        self._rows.append(side_by_side([to_pil(content.pixels), *styles, last]))

    def save(self, overwrite: bool) -> list[Path]:
        """Write the sheet, if there is anything on it; returns its path."""
        if self._path is None or not self._rows:
            return []
        if self._left_out:
            say(f"{self._path} shows the first {MOST_ROWS} pictures, and {self._left_out:,} more are not on it.")
        save_pictures([one_below_another(self._rows)], [self._path], overwrite)
        return [self._path]
