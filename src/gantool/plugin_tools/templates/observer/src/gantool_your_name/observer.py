"""The observer `your-name`: it gets every event of a run, and changes nothing of the run."""

import csv
from pathlib import Path

import gantool

from gantool_your_name import YourNameOptions

HEADER = ("images_seen", "name", "value")


class Table(gantool.Observer):
    """A CSV file in the run's folder with a row for each number of each tick."""

    def __init__(self, options: YourNameOptions) -> None:
        self.name = options.file
        self.file: Path | None = None

    def __call__(self, event: object) -> None:
        """Write a tick; a run that goes on first drops the rows that it will write again, and keeps one header."""
        if isinstance(event, gantool.Started):
            self.file = event.run / self.name
            rows = [row for row in read(self.file) if int(row[0]) <= event.images_seen] if event.images_seen else []
            whole = self.file.with_name(f".{self.name}.new")  # a kill while it is written loses no row
            with whole.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([HEADER, *rows])
            whole.replace(self.file)
        elif isinstance(event, gantool.Tick) and self.file is not None:
            with self.file.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows((event.images_seen, name, f"{v:.6g}") for name, v in event.scalars.items())


def read(file: Path) -> list[list[str]]:
    """The rows of a table without its header, and without one that a kill cut short."""
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        return [row for row in csv.reader(lines) if len(row) == len(HEADER) and row[0].isdecimal()]
