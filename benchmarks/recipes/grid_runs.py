"""Cells trained and judged, each once: what is kept of them, so that a grid goes on where it was stopped."""

import json
import shutil
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

from cells import FAR, Cell
from measures import COLUMNS, columns, gantool
from training_time import FAILED, TERMINATED, Progress, read_progress, train, write_progress

from gantool.engine import checkpoint
from gantool.errors import GantoolError

LAST_WORDS = 300
CLOSE = 0.15
"""A fitted run whose time is farther off, by this share, is trained once more, with the length that its time gives."""

Row = dict[str, Any]
"""One line of results.jsonl."""


class StoppedError(GantoolError):
    """The grid was stopped; what it has trained is kept."""

    exit_code = 130


@dataclass(frozen=True)
class Judge:
    """How runs are judged: against the whole of the source, also where a run has seen a part of it."""

    samples: int = 1000
    extractor: str = "auto"

    def words(self, source: str) -> list[str]:
        """What `gantool evaluate` is given after the run."""
        metrics = [word for metric, _ in COLUMNS.values() for word in ("--metric", metric)]
        return ["--data", source, "-n", str(self.samples), "--extractor", self.extractor, *metrics]


class Grid:
    """Runs and results in the folder `work`."""

    def __init__(self, work: Path, judge: Judge) -> None:
        self._work, self._judge = work, judge
        self._results, self._lengths = work / "results.jsonl", work / "lengths.json"
        self._writing, self._stop = threading.Lock(), threading.Event()
        self._fitting: dict[str, threading.Lock] = {}

    def rows(self, planned: Sequence[Cell]) -> list[Row]:
        """The results that are there, in the order of the cells."""
        lines = self._results.read_text(encoding="utf-8").splitlines() if self._results.is_file() else []
        known = {row["name"]: row for row in map(json.loads, lines)}  # the last line of each
        return [row for cell in planned if (row := known.get(cell.name)) is not None and self._is_of(cell, row)]

    def left(self, planned: Sequence[Cell]) -> list[Cell]:
        """The cells without a result."""
        there = {row["name"] for row in self.rows(planned)}
        return [cell for cell in planned if cell.name not in there]

    def run(self, planned: Sequence[Cell], jobs: int) -> None:
        """Train and judge what is missing, `jobs` cells at a time. Raises StoppedError after Ctrl-C."""
        self._fitting = {cell.setting: threading.Lock() for cell in planned}
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for done in as_completed([pool.submit(self._cell, cell) for cell in self.left(planned)]):
                    done.result()
            except BaseException as error:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                if isinstance(error, KeyboardInterrupt):
                    raise StoppedError("Stopped. The same command goes on.") from None
                raise

    def _cell(self, cell: Cell) -> None:
        progress = self._trained(cell)
        row = self._row(cell, progress)
        with self._writing, self._results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        kid = row["failed"] or f"KID x 1000 {row['values'].get('KID x 1000', float('nan')):.0f}"
        told = f"{row['images_seen']:,} images in {progress.seconds / 60:.2f} processor minutes, {kid}"
        print(f"{cell.name}: {told}", file=sys.stderr, flush=True)

    def _trained(self, cell: Cell) -> Progress:
        if not cell.is_fitted:
            return self._train(cell, FAR)
        with self._fitting[cell.setting]:  # other seeds take the length that the first one settles
            length, settled = self._length(cell.setting)
            if not length:
                length = planned_length(cell)
                self._keep_length(cell.setting, length, settled=False)
            progress = self._train(cell, length)
            if settled or progress.failed:
                return progress
            share = progress.seconds / (60 * cell.processor_minutes)
            if abs(share - 1) > CLOSE:
                told = f"{length:,} images took {share:.0%} of the cell's time"
                length = max(1, round(length / share))
                print(f"{cell.setting}: {told}; again with {length:,}", file=sys.stderr, flush=True)
            self._keep_length(cell.setting, length, settled=True)
            return self._train(cell, length)  # the same command has ended already

    def _train(self, cell: Cell, images: int) -> Progress:
        """Train it, or go on with it, unless it has ended already; what was trained by another command begins anew."""
        if self._stop.is_set():
            raise StoppedError(f"{cell.name} was not begun.")
        record, run = self._work / "progress" / f"{cell.name}.json", self._work / "runs" / cell.name
        command = cell.command(images)
        before = read_progress(record)
        if before is None or before.command != command or not (before.failed or checkpoint.newest(run)):
            shutil.rmtree(run, ignore_errors=True)
            before = Progress(command)
        if before.ended or before.failed:
            return before
        record.unlink(missing_ok=True)  # where the grid itself is killed, nobody knows the time that was used
        words = ["--resume", str(run)] if run.is_dir() else [*command, "--out", str(run.parent), "--name", run.name]
        timed = not (cell.images or cell.is_fitted)
        limit = 60 * cell.processor_minutes - before.seconds if timed else inf
        log = self._work / "logs" / f"{cell.name}.txt"
        session = train(words, run, log, limit, self._stop)
        after = replace(before, seconds=before.seconds + session.seconds, clock=before.clock + session.clock)
        if session.exit_code == FAILED:
            after = replace(after, failed=last_words(log))
        elif session.exit_code == 0 or (session.exit_code == TERMINATED and timed and session.seconds >= limit):
            after = replace(after, ended=True)
        elif not self._stop.is_set():
            raise GantoolError(f"{cell.name} ended with exit code {session.exit_code}: {last_words(log)}")
        write_progress(record, after)
        if not (after.ended or after.failed):
            raise StoppedError(f"{cell.name} was stopped.")
        return after

    def _row(self, cell: Cell, progress: Progress) -> Row:
        run = self._work / "runs" / cell.name
        newest, judged = checkpoint.newest(run), self._judge.words(cell.source)
        row: Row = {
            "name": cell.name, "pictures": cell.pictures, "number": cell.number, "minutes": cell.minutes,
            "images": cell.images, "architecture": cell.variant.architecture, "variant": cell.variant.name,
            "seed": cell.seed, "command": progress.command, "judged": judged, "failed": progress.failed,
            "images_seen": checkpoint.images_of(newest) if newest else 0,
            "processor_minutes": progress.seconds / 60, "clock_minutes": progress.clock / 60,
        }  # fmt: skip
        if progress.failed:
            return row | {"values": {}, "errors": {}, "reference": {}, "extractor": ""}
        found = json.loads(gantool("evaluate", str(run), *judged, "--json"))["evaluations"][0]
        return row | {
            "values": columns(found["values"]), "errors": columns(found["values"], "_error"),
            "reference": columns(found["reference"]), "extractor": found["extractor"].partition(":")[0],
        }  # fmt: skip

    def _is_of(self, cell: Cell, row: Row) -> bool:
        """True if the row is of this cell as it is now; one whose settings have changed is trained again."""
        length, settled = self._length(cell.setting) if cell.is_fitted else (FAR, True)
        return settled and row["command"] == cell.command(length) and row["judged"] == self._judge.words(cell.source)

    def _length(self, setting: str) -> tuple[int, bool]:
        """The images of a fitted run, 0 where they are not known, and whether its time has confirmed them."""
        length, settled = self._all_lengths().get(setting, (0, False))
        return int(length), bool(settled)

    def _keep_length(self, setting: str, images: int, settled: bool) -> None:
        with self._writing:
            lengths = {**self._all_lengths(), setting: (images, settled)}
            self._lengths.write_text(json.dumps(lengths, indent=1), encoding="utf-8")

    def _all_lengths(self) -> dict[str, tuple[int, bool]]:
        return json.loads(self._lengths.read_text(encoding="utf-8")) if self._lengths.is_file() else {}


def planned_length(cell: Cell) -> int:
    """As many images as take the cell's processor time on this machine, by gantool's timing of steps."""
    words = [*cell.command(0), "--minutes", f"{cell.processor_minutes:g}", "--dry-run", "--json"]
    return int(json.loads(gantool("train", *words))["config"]["images"])


def last_words(log: Path) -> str:
    """The end of what a training said."""
    return " ".join(log.read_text(encoding="utf-8", errors="replace").split())[-LAST_WORDS:]
