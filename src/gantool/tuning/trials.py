"""What is known of each trial of a search, and the file it is kept in."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from gantool.files import write_atomically

FACTOR = 2
"""One trial in so many goes on beyond a rung."""
RUNGS = 3
"""The last is the whole length; each one before it a FACTOR-th of the next."""
SNAPSHOTS = 8
"""In a trial: so far apart that the watch, which lets 4 % of a run pass between two scores, leaves none of them out."""
START, REPEAT = 0, 1
"""The first trial is what the search began with, the second the same with another seed, for the noise of scores."""
FILE = "trials.json"


@dataclass
class Trial:
    """One trial: its settings beside those of the start, and its scores so far, `(images_seen, score)` by snapshot.

    `drawn` is what it was made from. It is finished at its whole length, stopped at a rung, or failed for a `reason`.
    """

    number: int
    seed: int
    drawn: dict[str, float | int | str] | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    status: Literal["running", "finished", "stopped", "failed"] = "running"
    scores: list[tuple[int, float]] = field(default_factory=list)
    images: int = 0
    reason: str = ""

    @property
    def best(self) -> float | None:
        """The best score so far; lower is better."""
        return min((score for _, score in self.scores), default=None)

    def add(self, images_seen: int, score: float) -> None:
        """Note a score. A trial that went on from a checkpoint comes by some snapshots again."""
        self.scores = [(seen, one) for seen, one in self.scores if seen < images_seen] + [(images_seen, score)]
        self.images = images_seen

    def at(self, rung: int) -> float | None:
        """The best score up to the first snapshot of a rung; None before it."""
        upto: list[float] = []
        for seen, score in self.scores:
            upto.append(score)
            if seen >= rung:
                return min(upto)
        return None

    def passed(self, rungs: Sequence[int]) -> int:
        """How many of the rungs it has a score for."""
        return sum(self.at(rung) is not None for rung in rungs)


def rungs(images: int) -> list[int]:
    """After how many images trials are compared, for a whole length of `images`: 1/4, 1/2 and all of it.

    All but the last are snapshots, so that trials of any batch are measured there.
    """
    every = snapshot_every(images)
    return [*(every * SNAPSHOTS // FACTOR**power for power in range(RUNGS - 1, 0, -1)), images]


def snapshot_every(images: int) -> int:
    """Images between two scores of a trial."""
    return max(images // SNAPSHOTS, 1)


def noise(trials: Sequence[Trial], images: int) -> float | None:
    """How much scores differ by chance, as a share of them; None where the start was not repeated.

    It is the root mean square of the logarithm of the ratio of the best scores so far, of the start and of the same
    with another seed, over all snapshots from the first rung on: one pair of runs, so a rough figure.
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
    """Best first: trials that finished by their scores, then those stopped on the way, the longer first, then others.

    The repeated start is no candidate and comes last.
    """

    def place(trial: Trial) -> tuple[bool, int, int, float]:
        kinds = {"finished": 0, "running": 1, "stopped": 1, "failed": 2}
        best = trial.best if trial.best is not None else float("inf")
        return trial.number == REPEAT, kinds[trial.status], 0 if trial.status == "finished" else -trial.images, best

    return sorted(trials, key=place)


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The one to take: the best of those that finished."""
    return next((trial for trial in ranked(trials) if trial.status == "finished" and trial.number != REPEAT), None)


def save(folder: Path, trials: Sequence[Trial]) -> None:
    """Write down all trials; `load` reads them."""
    text = json.dumps([asdict(trial) for trial in trials], indent=1) + "\n"
    write_atomically(folder / FILE, lambda path: path.write_text(text, encoding="utf-8"))


def load(folder: Path) -> list[Trial]:
    """The trials of a search; none when it has not begun."""
    if not (folder / FILE).is_file():
        return []
    read = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return [Trial(**{**one, "scores": [(seen, score) for seen, score in one["scores"]]}) for one in read]
