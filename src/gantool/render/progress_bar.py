"""A live display on a terminal: a bar with what matters most, and a second line as far as there is room."""

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

LEAST_BAR = 8
"""Columns below which the bar is left out."""

KEPT_FREE = 3
"""Columns at the end of a last line, in which the ^C of Ctrl-C stands: wrapped it would leave the line standing."""


class Bar:
    """Two lines that fit any terminal; the parts of each are in order of importance, and the last may be left out."""

    def __init__(self, done: int, goal: int, first: str = "first images ...") -> None:
        self._done, self._goal = done, goal
        self._first: Sequence[str] = (first,)
        self._second: Sequence[str] = ()

    def show(self, done: int, first: Sequence[str], second: Sequence[str]) -> None:
        """Take what the next frame shows."""
        self._done, self._first, self._second = done, first, second

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table | Text]:
        last = options.max_width - KEPT_FREE
        width = options.max_width - 1 if self._second else last  # some terminals wrap at the last column
        text = fitting(self._first, width)
        room = width - len(text) - 2
        if room >= LEAST_BAR:
            line = Table.grid(padding=(0, 2, 0, 0))
            line.add_column(width=room, no_wrap=True)
            line.add_column(no_wrap=True)
            share = self._done / max(self._goal, 1)  # of numbers that may be beyond any float's precision
            line.add_row(ProgressBar(total=1.0, completed=min(share, 1.0), width=room), Text(text))
            yield line
        else:
            yield Text(text, no_wrap=True, overflow="crop")
        if self._second:
            yield Text(fitting(self._second, last), no_wrap=True, overflow="crop")


def fitting(parts: Sequence[str], width: int) -> str:
    """The parts in a line of this width, without those that find no room; the first is always there."""
    line = ""
    for part in parts:
        longer = f"{line}  {part}" if line else part
        if not line or len(longer) <= width:
            line = longer
    return line
