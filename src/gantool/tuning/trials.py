"""The trials of a search: settings, scores and status of each, and the file that stores them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from gantool.errors import UsageError, cause, shortened
from gantool.files import write_text
from gantool.reading import read_json

FACTOR = 2
"""One in this number of trials continues beyond a rung."""
RUNGS = 3
"""The number of rungs: the last is the full length, each one before it a FACTOR-th of the next."""
SNAPSHOTS = 8
"""Snapshots in a trial, so far apart that the watch, which waits 4 % of a run between two scores, skips none."""
START, REPEAT = 0, 1
"""The first trial has the settings of the start, the second the same with another seed, for the noise of scores."""
FILE, RUNS = "trials.json", "trials"


@dataclass
class Trial:
    """One trial: the settings by which it differs from the start, and its scores `(images_seen, score)` so far.

    `drawn` holds the values it was made from. It is finished at full length, stopped at a rung, or failed for a
    `reason`.
    """

    number: int
    seed: int
    drawn: dict[str, float | int | str] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    status: Literal["running", "finished", "stopped", "failed"] = "running"
    scores: list[tuple[int, float]] = field(default_factory=list)
    images: int = 0
    reason: str = ""

    def run_in(self, folder: Path) -> Path:
        """Its run folder, in that of a search."""
        return folder / RUNS / f"{self.number:03d}"

    @property
    def title(self) -> str:
        """What a progress bar calls it."""
        return {START: "the start", REPEAT: "the start again"}.get(self.number, f"trial {self.number}")

    @property
    def best(self) -> float | None:
        """The best score so far; lower is better."""
        return min((score for _, score in self.scores), default=None)

    def add(self, images_seen: int, score: float) -> None:
        """Add a score. A trial that was resumed from a checkpoint passes some snapshots again."""
        self.scores = [(seen, one) for seen, one in self.scores if seen < images_seen] + [(images_seen, score)]
        self.images = images_seen

    def at(self, rung: int) -> float | None:
        """The best score up to the first snapshot at or beyond a rung; None before it."""
        upto: list[float] = []
        for seen, score in self.scores:
            upto.append(score)
            if seen >= rung:
                return min(upto)
        return None

    def passed(self, rungs: Sequence[int]) -> int:
        """The number of rungs for which it has a score."""
        return sum(self.at(rung) is not None for rung in rungs)


def rungs(images: int) -> list[int]:
    """The numbers of images after which trials of length `images` are compared: 1/4, 1/2 and all of it.

    All but the last are multiples of the snapshot interval, so that trials of any batch size are measured there.
    """
    every = snapshot_every(images)
    return [*(every * SNAPSHOTS // FACTOR**power for power in range(RUNGS - 1, 0, -1)), images]


def snapshot_every(images: int) -> int:
    """Images between two scores of a trial."""
    return max(images // SNAPSHOTS, 1)


def noise(trials: Sequence[Trial], images: int) -> float | None:
    """The relative difference of scores by chance; None if the start was not repeated.

    It is the root mean square of log(ratio of the best scores so far) of the start and its repetition with another
    seed, over all snapshots from the first rung on. It comes from one pair of runs, so it is a rough figure.
    """
    from math import exp, log, sqrt

    pair = [trial for trial in trials if trial.number in (START, REPEAT) and trial.settings == {}]
    if len(pair) < 2 or any(trial.status != "finished" for trial in pair):
        return None
    first, second = pair
    places = [seen for seen, _ in first.scores if seen >= rungs(images)[0]]
    ratios = [one / other for seen in places if (one := first.at(seen)) and (other := second.at(seen))]
    return exp(sqrt(sum(log(ratio) ** 2 for ratio in ratios) / len(ratios))) - 1 if ratios else None


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Trials, best first: finished ones by their scores, then stopped ones, the longer first, then the others.

    The repeated start is no candidate and comes last.
    """

    def place(trial: Trial) -> tuple[bool, int, int, float]:
        kinds = {"finished": 0, "running": 1, "stopped": 1, "failed": 2}
        best = trial.best if trial.best is not None else float("inf")
        return trial.number == REPEAT, kinds[trial.status], 0 if trial.status == "finished" else -trial.images, best

    return sorted(trials, key=place)


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The best of the finished trials."""
    return next((trial for trial in ranked(trials) if trial.status == "finished" and trial.number != REPEAT), None)


def save(folder: Path, trials: Sequence[Trial]) -> None:
    """Write all trials to the file; `load` reads them."""
    text = json.dumps([asdict(trial) for trial in trials], indent=1) + "\n"
    write_text(folder / FILE, text)


def load(folder: Path) -> list[Trial]:
    """The trials of a search; none when it has not begun. Raises UsageError for a damaged file."""
    if not (folder / FILE).is_file():
        return []
    try:
        return TypeAdapter(list[Trial]).validate_python(read_json(folder / FILE))
    except (OSError, ValueError) as error:
        why = shortened(cause(error), 200)
        raise UsageError(f"The search {folder} cannot go on: its {FILE} cannot be read ({why}).") from error
