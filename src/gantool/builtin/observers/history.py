"""The metrics of a run so far, in the form that the rules need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from gantool.api.run_config import NONE
from gantool.builtin.observers import WatchOptions

FIRST_TICKS = 8
"""The number of first ticks whose medians gradients and losses are compared with later."""
FEWEST_TICKS = 8
STUCK = 4
"""The number of measurements in a row without progress that counts as stuck."""
LEARNING = 4800
"""Images before which a slow generator is not warned about: a fifth of the runs that the thresholds come from."""
PROGRESS = 0.97
"""A score counts as progress if it is below this factor of the best so far."""
MEASURED = {"swd", "diversity", "spacing", "contrast", "detail", "clipped"}
"""The measurements of samples that rules read."""
BOTH = ("lr_g", "lr_d")
"""The learning rates of both networks."""
LEAST_DIVERSITY = 0.01
"""The floor of diversity and spacing in a score, which would be unbounded otherwise."""


class Chosen(NamedTuple):
    """The components of a run that advice depends on, with their options, as its settings name them."""

    penalties: Sequence[str] = ()
    augment: str = NONE
    arch: str = ""
    slow_discriminator: bool = False
    """Its learning rate is less than half of the generator's."""
    pictures: int = 0
    """The number of training images, 0 where it is not known."""


@dataclass(frozen=True)
class Reading:
    """One line of the metrics: the scalars of a tick, or the measurements of a snapshot (then `swd` is among them)."""

    images_seen: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Problem:
    """A problem of a run: its kind, since when, a severity to compare with others of its kind, and a message.

    `rates` are the learning rates of which lower ones may help, as settings of a run, none where none does; `instead`
    are other settings of a new run, where these do not; `longer` is true where training longer helps.
    """

    kind: str
    images_seen: int
    since: int
    severity: float
    message: str
    rates: tuple[str, ...] = BOTH
    instead: Mapping[str, str] = field(default_factory=dict)
    longer: bool = False


class History:
    """The readings of a run so far. Measurements at another resolution than the last are dropped."""

    def __init__(self, goal: int, options: WatchOptions, chosen: Chosen | None = None) -> None:
        self.goal, self.chosen = goal, chosen or Chosen()
        self.penalties = [text.partition(":")[0] for text in self.chosen.penalties]
        self.ticks: list[Reading] = []
        self.measured: list[Reading] = []
        self._window = options.window * goal
        self._first: dict[tuple[str, int], float] = {}

    def add(self, reading: Reading) -> None:
        """Add the next reading."""
        if "swd" not in reading.values:
            self.ticks.append(reading)
            return
        if self.measured and self.measured[-1].values.get("side") != reading.values.get("side"):
            self.measured.clear()
        self.measured.append(reading)

    def first_median(self, name: str, ticks: int = FIRST_TICKS) -> float:
        """The median size of a scalar over the first ticks that have it; 0 while there are too few."""
        if (name, ticks) not in self._first:
            sizes = [abs(tick.values[name]) for tick in self.ticks if name in tick.values][:ticks]
            if len(sizes) < ticks:
                return 0.0
            self._first[name, ticks] = median(sizes)
        return self._first[name, ticks]

    def recent(self) -> Sequence[Reading]:
        """The ticks of the last window, at least `FEWEST_TICKS`; empty while there are too few.

        A tick in which a network never took a step lacks its scalars: rules use the ticks that have them.
        """
        start = len(self.ticks)
        while start and self.ticks[start - 1].images_seen > self.ticks[-1].images_seen - self._window:
            start -= 1
        start = min(start, len(self.ticks) - FEWEST_TICKS)
        return self.ticks[start:] if start >= 0 else ()

    @property
    def is_early(self) -> bool:
        """True if it is too early to warn about a slow generator; never at a run's end."""
        return self.measured[-1].images_seen < min(LEARNING, self.goal)

    @property
    def penalty(self) -> str:
        """The advice on penalties: another weight of one that the run has, else r1 where there is an adversary."""
        if self.penalties:
            return f"another weight of --penalty {self.penalties[0]}"
        return "--penalty r1" if self.adversary else "other weights of the architecture's terms"

    @property
    def faster(self) -> str:
        """The learning rate to lower where networks are out of balance: the discriminator's, unless it is slow."""
        return "lr_g" if self.chosen.slow_discriminator else "lr_d"

    @property
    def adversary(self) -> bool:
        """True unless the generator learns without a discriminator, which would have scalars in some tick."""
        return not self.ticks or any("loss_d" in tick.values for tick in self.ticks)

    @property
    def has_ended(self) -> bool:
        """True if the last measurement is that of the run's end."""
        return self.measured[-1].images_seen >= self.goal

    def measurements(self, name: str) -> list[float]:
        """All values of a measurement through the run."""
        return [reading.values[name] for reading in self.measured]

    def is_stuck(self, last: int = STUCK) -> bool:
        """True if the `last` measurements score no better than those before; False while there are too few."""
        scores = [score_of(reading.values) for reading in self.measured]
        return len(scores) > last and min(scores[-last:]) > PROGRESS * min(scores[:-last])


def chance_of(values: Mapping[str, float]) -> float:
    """The difference of two scores that chance alone may make: half of the distance between two sets of reals."""
    return values.get("swd_reals", 0.0) / 2


def flag_of(setting: str) -> str:
    """The flag of a setting."""
    return f"--{setting.replace('_', '-')}"


def score_of(values: Mapping[str, float]) -> float:
    """The score, lower is better: distance to the data, divided by diversity or spacing if below the data's."""
    differs = min(values["diversity"], values["spacing"])
    return values["swd"] / min(1.0, max(differs, LEAST_DIVERSITY))
