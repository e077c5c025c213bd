"""Whether a run goes wrong, judged from its measurements alone: metrics.jsonl is enough, now or years later."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.rules import MEASURED_RULES, TICK_RULES
from gantool.builtin.observers.trail import Reading, Trail, Verdict
from gantool.engine.best import Best

LEAST_IMAGES = 1000
"""Nothing is said of what has seen fewer: a run of a few steps has learnt nothing yet, however it goes."""
FORGOTTEN = 0.25
"""Of a run: a kind of trouble that has been gone for so long is said anew when it comes back."""


class Judge:
    """Takes a run's readings one by one and gives the verdicts that are new; it names no penalty that the run has."""

    def __init__(self, options: WatchOptions, goal: int, penalties: Sequence[str] = ()) -> None:
        self._options = options
        self._trail = Trail(goal, options, penalties)
        self._said: dict[str, Verdict] = {}
        self._seen: dict[str, int] = {}
        self._best = Best()

    @property
    def best(self) -> int:
        """The images seen of the best score so far; 0 while there is none."""
        return self._best.images_seen

    def take(self, reading: Reading) -> list[Verdict]:
        """Note a reading. A kind of trouble is said when it begins, and again when it got much worse."""
        trail, options = self._trail, self._options
        trail.add(reading)
        score = reading.values.get("score")
        if score is not None and reading.images_seen:
            self._best.take(reading.images_seen, score)
        if reading.images_seen < max(options.warm_up * trail.goal, LEAST_IMAGES):
            return []
        rules = MEASURED_RULES if "swd" in reading.values else TICK_RULES
        found = [verdict for rule in rules if (verdict := rule(trail, options)) is not None]
        return [verdict for verdict in found if self._is_new(verdict)]

    def _is_new(self, verdict: Verdict) -> bool:
        now = verdict.images_seen
        gone = now - self._seen.get(verdict.kind, now) > FORGOTTEN * self._trail.goal
        self._seen[verdict.kind] = now
        said = self._said.get(verdict.kind)
        if said is not None and not gone and verdict.severity < self._options.much_worse * said.severity:
            return False
        self._said[verdict.kind] = verdict
        return True


def judge(history: Iterable[Reading], goal: int, options: WatchOptions | None = None) -> list[Verdict]:
    """All verdicts on a run of `goal` images, in the order in which they would have been said."""
    one = Judge(options or WatchOptions(), goal)
    return [verdict for reading in history for verdict in one.take(reading)]


def read(metrics: Path, until: int | None = None) -> Iterator[Reading]:
    """The readings in a metrics.jsonl, up to `until` images seen; lines that are none are passed over."""
    if not metrics.is_file():
        return
    for line in metrics.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
            numbers = {name: float(value) for name, value in entry.items() if isinstance(value, int | float)}
            seen = int(numbers.pop("images_seen"))
        except (ValueError, KeyError, AttributeError):
            continue
        if numbers and (until is None or seen <= until):
            yield Reading(seen, numbers)


def plain(values: Mapping[str, float]) -> dict[str, float]:
    """Rounded as in metrics.jsonl, so that a run that reads its past there judges as one that remembers it."""
    return {name: float(f"{value:.6g}") for name, value in values.items()}
