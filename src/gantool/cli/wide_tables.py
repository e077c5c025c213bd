"""Tables of numbers that keep each number whole: those wider than the terminal come in parts, one below the other."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

GAP = 2
"""Columns of the terminal between two columns of a table."""
_PIECE = re.compile(r"[^\s/_-]+[\s/_-]*|[\s/_-]+")
"""What stays whole of a title: a word, or a part of a path with the sign that follows."""


@dataclass(frozen=True)
class Column:
    """A title and its cells, which may have lines."""

    title: str
    cells: Sequence[Text]

    @property
    def least(self) -> int:
        """The least width in which no number and no word is broken."""
        lines = [line for cell in self.cells for line in cell.plain.split("\n")]
        return max(map(cell_len, [*lines, *(piece.rstrip() for piece in _PIECE.findall(self.title))]), default=0)


def show(screen: Console, first: Column, others: Sequence[Column]) -> None:
    """Print the table, `first` at the left of each of its parts. For programs, and where it fits, it is one."""
    whole = _table(first, others, [None] * (len(others) + 1))
    natural = Measurement.get(screen, screen.options.update(max_width=10**6), whole).maximum
    if natural <= screen.width or not screen.is_terminal:
        _print_whole(screen, whole, natural)
        return
    for place, part in enumerate(_parts(first, others, screen.width)):
        if place:
            screen.print()
        screen.print(_table(first, part, [first.least, *(column.least for column in part)]))


def _print_whole(screen: Console, table: Table, natural: int) -> None:
    width = screen.width
    screen.width = max(width, natural)  # beyond which rich prints nothing
    try:
        screen.print(table)
    finally:
        screen.width = width


def _parts(first: Column, others: Sequence[Column], width: int) -> Iterator[Sequence[Column]]:
    part: list[Column] = []
    room = width - first.least
    for column in others:
        if part and room < GAP + column.least:
            yield part
            part, room = [], width - first.least
        part.append(column)
        room -= GAP + column.least
    yield part


def _table(first: Column, others: Sequence[Column], widths: Sequence[int | None]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for place, (column, width) in enumerate(zip([first, *others], widths, strict=True)):
        title = column.title if width is None else _broken(column.title, width)
        table.add_column(Text(title), justify="right" if place else "left", overflow="fold", width=width)
    for row in zip(first.cells, *(column.cells for column in others), strict=True):
        table.add_row(*row)
    return table


def _broken(title: str, width: int) -> str:
    lines = [""]
    for piece in _PIECE.findall(title):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)
