"""The best checkpoint of a run, by the score that an observer gives to snapshots: lower is better."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from gantool.api.events import Event, Measured
from gantool.engine.commands import Folders, sample_command
from gantool.engine.run_names import BEST, CHECKPOINTS, by_images
from gantool.files import write_text
from gantool.reading import read_json

CLEARLY_WORSE = 1.2
"""The factor by which the last score must exceed the best for a message at the end of a run."""

LEAST_IMAGES = 1000
"""Scores before this many images are ignored once there is a later one: untrained noise can score well."""


@dataclass
class Best:
    """The best snapshot: its images seen (0 without one), its score, and the number of snapshots since the least score.

    It has the least score, or is a later one whose score is the same within chance: it has learnt for longer.
    """

    images_seen: int = 0
    score: float = float("inf")
    since: int = 0
    last: float | None = None
    """The score of the latest snapshot that had one."""
    least: float = float("inf")
    """The least score so far; checkpoints from before it was saved have the best one alone."""

    def __post_init__(self) -> None:
        self.least = min(self.least, self.score)

    def take(self, images_seen: int, score: float, chance: float = 0.0) -> bool:
        """Add the score of a snapshot; True if it is the best from now on. One of the first steps never stays so."""
        self.last = score
        self.since += 1
        if score < self.least or self.images_seen < LEAST_IMAGES <= images_seen:
            self.least, self.since = score, 0
        elif not (score < self.least + chance or score < self.score):  # where chance has become smaller
            return False
        self.images_seen, self.score = images_seen, score
        return True

    def gave_up(self, patience: int) -> bool:
        """True if the last `patience` snapshots had no better score; never with a patience of 0."""
        return 0 < patience <= self.since

    def state(self) -> dict[str, Any]:
        """The state dict for a checkpoint, of plain numbers."""
        return asdict(self)

    def settle(self, run: Path) -> None:
        """Forget a best checkpoint that is gone, as when a run resumes from an older one."""
        if self.images_seen and not (run / _place(self.images_seen)).is_dir():
            self.images_seen, self.score, self.since, self.least = 0, float("inf"), 0, float("inf")

    def write(self, run: Path) -> None:
        """Write the best checkpoint's name to `best.json` in the run folder."""
        if not self.images_seen:
            (run / BEST).unlink(missing_ok=True)
            return
        named = {"images_seen": self.images_seen, "score": self.score, "checkpoint": _place(self.images_seen)}
        text = json.dumps(named, indent=1) + "\n"
        write_text(run / BEST, text)

    def farewell(self, run: Path, patience: int, plugins: Folders = ()) -> str:
        """The message at a run's end if it ran out of patience, or if it was better before; else empty."""
        if self.images_seen < LEAST_IMAGES and not (self.images_seen and self.gave_up(patience)):
            return ""
        score, least = apart(self.score, self.least)
        later = f", since its score, {score}, is as good as the least, {least}, within chance"
        best = (
            f"The best is the one at {self.images_seen:,} images{later if self.score > self.least else ''}; sample "
            f"from it with: {sample_command(run, plugins)}"
        )
        if self.gave_up(patience):
            return (
                f"The run ends because none of the last {self.since} snapshots had a better score (--patience "
                f"{patience}; it goes on with --patience 0). {best}"
            )
        if is_clearly_better(self.score, self.last):
            return f"The last snapshot scores {self.last:.3g}, clearly worse than {self.score:.3g} before. {best}"
        return ""


def is_clearly_better(best: float, last: float | None) -> bool:
    """True where the best score is so much better than the last that one draws from the best checkpoint, not the last.

    This is the one rule by which commands that lead on from a run name its model.
    """
    return last is not None and last > CLEARLY_WORSE * best


def apart(one: float, other: float) -> tuple[str, str]:
    """Two scores in three digits, or in as many as tell them apart."""
    written = ((f"{one:.{digits}g}", f"{other:.{digits}g}") for digits in range(3, 18))
    return next(((first, second) for first, second in written if first != second), (f"{one:.3g}", f"{other:.3g}"))


def score_among(events: Sequence[Event]) -> tuple[float, float] | None:
    """The first score among the events, with what it may differ by chance; None if there is none."""
    scores = ((event.score, event.chance) for event in events if isinstance(event, Measured))
    return next(((score, chance) for score, chance in scores if score is not None and isfinite(score)), None)


def best_checkpoint(run: Path) -> Path | None:
    """The checkpoint folder that a run's `best.json` names; None if that file is missing or cannot be read."""
    try:
        place = str(read_json(run / BEST)["checkpoint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return run / place if re.fullmatch(rf"{CHECKPOINTS}/[0-9]+", place) else None  # never outside the run


def _place(images_seen: int) -> str:
    return f"{CHECKPOINTS}/{by_images(images_seen)}"
