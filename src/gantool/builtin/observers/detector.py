"""Detection of problems in a run from its metrics alone, so that metrics.jsonl can be replayed at any time."""

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from pathlib import Path

from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.history import MEASURED, Chosen, History, Problem, Reading, chance_of
from gantool.builtin.observers.jsonl import plain
from gantool.builtin.observers.looks import LOOK_RULES
from gantool.builtin.observers.overfitting import overfits
from gantool.builtin.observers.rules import MEASURED_RULES, TICK_RULES
from gantool.engine.best import Best
from gantool.engine.metrics_file import entries

LEAST_IMAGES = 1000
"""The least images seen before any warning: a run of a few steps has learnt nothing yet."""
FORGOTTEN = 0.25
"""The share of a run after which a problem that went away and comes back is warned about again."""


class Detector:
    """Takes a run's readings one by one and returns new problems, with advice by what was `chosen` for the run."""

    def __init__(self, options: WatchOptions, goal: int, chosen: Chosen | None = None) -> None:
        self._options = options
        self._history = History(goal, options, chosen)
        self._warned: dict[str, Problem] = {}
        self._worse: set[str] = set()
        self._seen: dict[str, int] = {}
        self._best = Best()

    @property
    def best(self) -> int:
        """The images seen of the best score so far; 0 while there is none."""
        return self._best.images_seen

    @property
    def adversary(self) -> bool:
        """True unless the generator learns without a discriminator."""
        return self._history.adversary

    def take(self, reading: Reading) -> list[Problem]:
        """Add a reading; returns problems that begin here, or are for the first time much worse than then."""
        history, options = self._history, self._options
        if "side" in reading.values and not reading.values.keys() >= MEASURED:
            return []  # a measurement that is not finite
        history.add(reading)
        score = reading.values.get("score")
        if score is not None and reading.images_seen:
            self._best.take(reading.images_seen, score, chance_of(reading.values))
        if reading.images_seen < max(options.warm_up * history.goal, LEAST_IMAGES):
            return []
        rules = (*MEASURED_RULES, *LOOK_RULES, overfits) if "swd" in reading.values else TICK_RULES
        found = [problem for rule in rules if (problem := rule(history, options)) is not None]
        return [problem for problem in found if self._is_new(problem)]

    def _is_new(self, problem: Problem) -> bool:
        now = problem.images_seen
        gone = now - self._seen.get(problem.kind, now) > FORGOTTEN * self._history.goal
        self._seen[problem.kind] = now
        warned = self._warned.get(problem.kind)
        if warned is None or gone:
            self._worse.discard(problem.kind)
        elif problem.kind in self._worse or problem.severity < self._options.much_worse * warned.severity:
            return False
        else:
            self._worse.add(problem.kind)  # said once: what is at its worst goes on from worse to worse
        self._warned[problem.kind] = problem
        return True


def detect(history: Iterable[Reading], goal: int, options: WatchOptions | None = None) -> list[Problem]:
    """All problems of a run of `goal` images, in the order of their warnings."""
    detector = Detector(options or WatchOptions(), goal)
    return [problem for reading in history for problem in detector.take(reading)]


def read_metrics(metrics: Path, until: int | None = None) -> Iterator[Reading]:
    """The readings in a metrics.jsonl up to `until` images seen; other lines are skipped."""
    for entry in entries(metrics):
        seen = entry.pop("images_seen")
        numbers = {
            name: float(value) for name, value in entry.items() if isinstance(value, int | float) and isfinite(value)
        }
        if numbers and (until is None or seen <= until):
            yield Reading(seen, numbers)


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Values as metrics.jsonl has them, so that a resumed run, which reads them there, gives the same warnings.

    Those that are not finite are left out.
    """
    return {name: written for name, value in values.items() if (written := plain(value)) is not None}
