"""Which recipe is best in the time there is? A grid of architectures, pictures, minutes and variants, each cell a run.

    python benchmarks/recipes/grid.py --work DIR --data photos=photos.zip --pictures 100,300,4000 --minutes 2,15,60 \\
        -- --resolution 64 --device cpu

All cells of N minutes get the same processor time, that of N minutes on two cores, each on one thread; grid.toml has
the variants. Cells that are done are not trained again: the same command goes on where it was stopped. README.md says
what the whole grid takes.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from cells import Cell, cells, listed, picked, read_variants, total
from grid_runs import Grid, Judge
from grid_table import notes, table

from gantool.errors import GantoolError, UsageError
from gantool.plugins.host import host
from gantool.run.config import parse_count
from gantool.signals import TERMINATING, handling

GRID = Path(__file__).with_name("grid.toml")
Number = TypeVar("Number", int, float)


def main(words: Sequence[str] | None = None) -> int:
    """Train and judge what is missing, then print the table."""
    asked = arguments(words)
    grid = Grid(asked.work.resolve(), Judge(asked.samples, asked.extractor))
    try:
        planned = picked(planned_cells(asked), asked.only)
        left = grid.left(planned)
        if asked.list:
            print("\n".join([*map(listed, left), total(planned, len(planned) - len(left), left)]))
            return 0
        if not asked.table:
            if not Path("/proc/self/stat").exists():
                raise UsageError("Cells are trained on Linux alone: their processor time is read from /proc.")
            asked.work.mkdir(parents=True, exist_ok=True)
            with handling(TERMINATING, as_ctrl_c):
                grid.run(planned, asked.jobs)
    except GantoolError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    rows = grid.rows(planned)
    print(table(rows))
    for line in notes(rows):
        print("\n" + line)
    return 0


def as_ctrl_c(*_: object) -> None:
    """Handle a signal as Ctrl-C, or runs would go on without the grid."""
    raise KeyboardInterrupt


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Recipes in equal processor time: cells, a table.")
    parser.add_argument("--work", type=Path, required=True, help="folder of runs and results; may be used again")
    parser.add_argument("--data", action="append", required=True, metavar="NAME=SOURCE", help="may be given again")
    parser.add_argument("--pictures", default="", help="numbers of pictures, as in 100,300; default: all")
    parser.add_argument("--minutes", default="2,15,60", help="minutes on two cores, of one thread twice as many")
    parser.add_argument("--images", default="", help="lengths in images in place of --minutes, as for a GPU")
    parser.add_argument("--grid", type=Path, default=GRID, help="file of the variants")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="cells at a time, one core each")
    parser.add_argument("--samples", type=int, default=1000, help="samples that are judged")
    parser.add_argument("--extractor", default="auto", help="the features that are compared")
    parser.add_argument("--only", default="", help="only cells whose name holds this")
    parser.add_argument("--list", action="store_true", help="print what is left to train, and its time; train nothing")
    parser.add_argument("--table", action="store_true", help="print the table of what is there; train nothing")
    parser.add_argument("flags", nargs="*", help="flags of all cells, after --")
    return parser.parse_args(words)


def planned_cells(asked: argparse.Namespace) -> list[Cell]:
    """All cells that the command line asks for. Raises UsageError for a list or a name that is none."""
    variants, missing = read_variants(asked.grid, set(host().specs("architecture")))
    if missing:
        print(f"Left out, since they are not installed: {', '.join(missing)}.", file=sys.stderr)
    sources = dict(text.partition("=")[::2] for text in asked.data)
    unnamed = [text for text in asked.data if not all(text.partition("=")[::2]) or "/" in text.partition("=")[0]]
    if unnamed:
        raise UsageError(f"--data {unnamed[0]} names no source: write NAME=SOURCE, as in photos=photos.zip.")
    numbers = numbers_in("--pictures", asked.pictures, parse_count) or [0]
    if asked.images:
        lengths = [(0.0, images) for images in numbers_in("--images", asked.images, parse_count)]
    else:
        lengths = [(minutes, 0) for minutes in numbers_in("--minutes", asked.minutes, float)]
    return cells(variants, sources, numbers, lengths, asked.seeds, asked.flags)


def numbers_in(flag: str, text: str, read: Callable[[str], Number]) -> list[Number]:
    """The numbers of a list. Raises UsageError for what is none, or not above 0."""
    try:
        found = [read(part) for part in text.split(",") if part]
    except ValueError as error:
        raise UsageError(f"{flag} {text} is no list of numbers, as in 100,4000.") from error
    if any(number <= 0 for number in found):
        raise UsageError(f"{flag} {text}: the numbers must be above 0.")
    return found


if __name__ == "__main__":
    sys.exit(main())
