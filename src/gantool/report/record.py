"""What a run folder tells: metrics, warnings, sheets, the best checkpoint, and the reasons of its settings."""

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import fsum, isfinite
from pathlib import Path
from typing import Any

from gantool.api.run_config import RunConfig
from gantool.engine.metrics_file import entries
from gantool.engine.own_data import own_data
from gantool.engine.run_names import BEST, CHOICES, EVALUATIONS, METRICS, SAMPLES
from gantool.reading import read_json
from gantool.report.evaluations import Evaluation, evaluations_in

SPEED = "images_per_second"
MOST_TIMES = 12
_NUMBERS = re.compile(r"[0-9][0-9.,]*")


@dataclass(frozen=True)
class Curve:
    """The values of a metric and the images seen at each, in their order.

    `covered` is the number of images that each value is a mean of: 0 for one measured at a moment.
    """

    seen: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    covered: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, seen: int, value: float | int, covered: int = 0) -> None:
        """Add a value."""
        self.seen.append(seen)
        self.values.append(value)
        self.covered.append(covered)

    def __len__(self) -> int:
        return len(self.seen)

    def at(self, images_seen: int) -> float | None:
        """The last value up to so many images; None before the first."""
        found = [index for index, seen in enumerate(self.seen) if seen <= images_seen]
        return self.values[found[-1]] if found else None


@dataclass(frozen=True)
class Warned:
    """A warning of a run: the images seen each time that it came, and its last words."""

    times: tuple[int, ...]
    message: str

    @property
    def when(self) -> str:
        """The times in words: at 400, 800 and 1,200 images."""
        if not any(self.times):
            return "before the first image"
        shown = [f"{seen:,}" for seen in self.times[-MOST_TIMES:]]
        before = f"{len(self.times) - MOST_TIMES:,} times before, then " if len(self.times) > MOST_TIMES else ""
        return f"{before}at {' and '.join(filter(None, [', '.join(shown[:-1]), shown[-1]]))} images"


@dataclass(frozen=True)
class Record:
    """All that a run folder tells of a run. `why` has the reasons of defaults, by setting and the value chosen.

    `title` takes the place of the folder's name, where another run beside it has the same.
    """

    run: Path
    config: RunConfig
    curves: Mapping[str, Curve]
    warnings: Sequence[Warned]
    sheets: Mapping[int, Path]
    best: int
    why: Mapping[tuple[str, str], str]
    evaluations: Sequence[Evaluation]
    title: str = ""

    @property
    def name(self) -> str:
        """The name of the run's folder, or its title."""
        return self.title or self.run.absolute().name

    @property
    def images_seen(self) -> int:
        """The last images seen that the folder tells of."""
        return max([0, *(curve.seen[-1] for curve in self.curves.values() if len(curve)), *self.sheets])

    @property
    def pictured(self) -> int:
        """The images seen of the last sheet, which a page shows first."""
        return max(self.sheets, default=self.images_seen)

    @property
    def seconds(self) -> float:
        """The time that training took, by the speed of each tick."""
        return self.seconds_until(self.images_seen) or 0.0

    def seconds_until(self, images_seen: int) -> float | None:
        """The time that training took up to so many images; None where no tick tells it."""
        speed = self.curves.get(SPEED, Curve())
        ticks = [seen for seen in speed.seen if seen <= images_seen]
        if not ticks:
            return None
        steps = pairwise([0, *ticks])
        return fsum((now - before) / max(one, 1e-9) for (before, now), one in zip(steps, speed.values, strict=False))


def read_record(run: Path, config: RunConfig) -> Record:
    """Read a run folder; what is missing or damaged in it is left out."""
    curves, warnings = _metrics(run / METRICS)
    return Record(
        run, config, curves, warnings, _sheets(run / SAMPLES), _best(run / BEST), _reasons(run / CHOICES),
        evaluations_in(run / EVALUATIONS, own_data(run, config.data)),
    )  # fmt: skip


def told_apart(records: Sequence[Record]) -> list[Record]:
    """The records, with as many of the folders above as it takes in the names of runs that have the same."""
    paths = [record.run.absolute().parts for record in records]
    return [
        replace(record, title=Path(*own[-_own_depth(own, [*paths[:place], *paths[place + 1 :]]) :]).as_posix())
        for place, (record, own) in enumerate(zip(records, paths, strict=True))
    ]


def _own_depth(own: Sequence[str], others: Sequence[Sequence[str]]) -> int:
    """The fewest last parts of a path that are those of no other."""
    return next(
        (depth for depth in range(1, len(own)) if all(own[-depth:] != one[-depth:] for one in others)), len(own)
    )


def _metrics(path: Path) -> tuple[dict[str, Curve], list[Warned]]:
    curves: dict[str, Curve] = {}
    warnings: dict[str, Warned] = {}
    ticked = 0
    for entry in entries(path):
        seen = entry.pop("images_seen")
        covered = max(0, seen - ticked) if SPEED in entry else 0  # every tick has its speed, and no measurement has
        ticked += covered
        for name, value in entry.items():
            if name == "warning":
                kind = _NUMBERS.sub("", str(value))  # the same problem again, but worse
                before = warnings[kind].times if kind in warnings else ()
                warnings[kind] = Warned((*before, seen), str(value))
            elif isinstance(value, int | float) and abs(seen) < 2**63 and isfinite(value):
                curves.setdefault(name, Curve()).add(seen, value, covered)
    return curves, list(warnings.values())


def _sheets(folder: Path) -> dict[int, Path]:
    paths = sorted(folder.glob("*.png")) if folder.is_dir() else []
    return {int(path.stem): path for path in paths if path.stem.isascii() and path.stem.isdecimal()}


def _best(path: Path) -> int:
    try:
        return max(0, int(read_json(path)["images_seen"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return 0


def _reasons(path: Path) -> dict[tuple[str, str], str]:
    try:
        listed: Any = read_json(path)
        return {(str(one["setting"]), str(one["value"])): str(one["why"]) for one in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
