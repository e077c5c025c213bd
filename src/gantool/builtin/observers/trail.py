"""The readings of a run so far, as the rules look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from gantool.builtin.observers import WatchOptions

FIRST_TICKS = 8
"""Their medians are what gradients and losses are compared with later."""
FEWEST_TICKS = 8
STUCK = 4
"""So many measurements in a row without progress are no accident."""
LEARNING = 4800
"""Images in which a generator may still be about to wake: a fifth of the runs that the thresholds come from."""
PROGRESS = 0.97
"""Times the best score so far: what counts as getting better."""
LEAST_DIVERSITY = 0.01
"""Less diversity or spacing counts as this in a score, which would have no end otherwise."""


@dataclass(frozen=True)
class Reading:
    """One line of the metrics: the scalars of a tick, or what was measured of a snapshot (then `swd` is among them)."""

    images_seen: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Verdict:
    """What goes wrong, since when, how badly (only its ratio to another of the kind counts), and what to do."""

    kind: str
    images_seen: int
    since: int
    severity: float
    message: str


class Trail:
    """The readings of a run so far. Measurements at another side than the last one's are left behind."""

    def __init__(self, goal: int, options: WatchOptions, penalties: Sequence[str] = ()) -> None:
        self.goal = goal
        self.penalties = [text.partition(":")[0] for text in penalties]
        self.ticks: list[Reading] = []
        self.measured: list[Reading] = []
        self._window = options.window * goal
        self._first: dict[tuple[str, int], float] = {}

    def add(self, reading: Reading) -> None:
        """Note the next one."""
        if "swd" not in reading.values:
            self.ticks.append(reading)
            return
        if self.measured and self.measured[-1].values.get("side") != reading.values.get("side"):
            self.measured.clear()
        self.measured.append(reading)

    def first(self, name: str, ticks: int = FIRST_TICKS) -> float:
        """The median size of a scalar over the first ticks that have it; 0 while there are too few."""
        if (name, ticks) not in self._first:
            told = [abs(tick.values[name]) for tick in self.ticks if name in tick.values][:ticks]
            if len(told) < ticks:
                return 0.0
            self._first[name, ticks] = median(told)
        return self._first[name, ticks]

    def recent(self) -> Sequence[Reading]:
        """The ticks of the last window, at least `FEWEST_TICKS`; none while there are too few.

        A tick in which it never was a network's turn has nothing of that network: rules look at those that have.
        """
        start = len(self.ticks)
        while start and self.ticks[start - 1].images_seen > self.ticks[-1].images_seen - self._window:
            start -= 1
        start = min(start, len(self.ticks) - FEWEST_TICKS)
        return self.ticks[start:] if start >= 0 else ()

    @property
    def young(self) -> bool:
        """Whether too little was learnt from to blame the generator for what it cannot do yet; never at a run's end."""
        return self.measured[-1].images_seen < min(LEARNING, self.goal)

    @property
    def penalty(self) -> str:
        """What to try of penalties: what a run has already is no advice."""
        return f"another weight of --penalty {self.penalties[0]}" if self.penalties else "--penalty r1"

    def of(self, name: str) -> list[float]:
        """A measured number through the run."""
        return [reading.values[name] for reading in self.measured]

    def stands_still(self, last: int = STUCK) -> bool:
        """Whether the `last` measurements score no better than those before; not told by too few."""
        scores = [score_of(reading.values) for reading in self.measured]
        return len(scores) > last and min(scores[-last:]) > PROGRESS * min(scores[:-last])


def score_of(values: Mapping[str, float]) -> float:
    """Lower is better: the distance to the data, more where samples are more alike, or oftener twins, than the data."""
    differs = min(values["diversity"], values["spacing"])
    return values["swd"] / min(1.0, max(differs, LEAST_DIVERSITY))
