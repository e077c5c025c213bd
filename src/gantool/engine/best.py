"""The best checkpoint of a run, by the score that an observer gives its snapshots: lower is better."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from gantool.api.events import Event, Measured
from gantool.engine.checkpoint import FOLDER
from gantool.files import write_atomically

FILE = "best.json"
CLEARLY_WORSE = 1.2
"""Times the best score: what a run's last one must reach to be worth a word at its end."""

LEAST_IMAGES = 1000
"""What has seen fewer has learnt nothing, however well its noise may score: anything later takes its place."""


@dataclass
class Best:
    """Which snapshot scored best, and how many came since; `images_seen` is 0 where none has a score."""

    images_seen: int = 0
    score: float = float("inf")
    since: int = 0
    last: float | None = None
    """The score of the latest snapshot that had one."""

    def take(self, images_seen: int, score: float) -> bool:
        """Note the score of a snapshot; whether it is better than all before, those of the first steps aside."""
        self.last = score
        self.since += 1
        if score < self.score or self.images_seen < LEAST_IMAGES <= images_seen:
            self.images_seen, self.score, self.since = images_seen, score, 0
        return self.since == 0

    def gave_up(self, patience: int) -> bool:
        """Whether more snapshots than anyone wants to wait have passed; a patience of 0 never ends."""
        return 0 < patience <= self.since

    def state(self) -> dict[str, Any]:
        """Plain numbers, for a checkpoint."""
        return asdict(self)

    def settle(self, run: Path) -> None:
        """Forget a best checkpoint that is no longer there, as when a run goes on from an older one; say so on disk."""
        if self.images_seen and not (run / _place(self.images_seen)).is_dir():
            self.images_seen, self.score, self.since = 0, float("inf"), 0
        self.write(run)

    def write(self, run: Path) -> None:
        """Say in the run folder which checkpoint is the best."""
        if not self.images_seen:
            (run / FILE).unlink(missing_ok=True)
            return
        named = {"images_seen": self.images_seen, "score": self.score, "checkpoint": _place(self.images_seen)}
        text = json.dumps(named, indent=1) + "\n"
        write_atomically(run / FILE, lambda path: path.write_text(text, encoding="utf-8"))

    def farewell(self, run: Path, patience: int) -> str:
        """What to say when the run ends: that it gave up, or that it was better before; empty otherwise."""
        if self.images_seen < LEAST_IMAGES and not (self.images_seen and self.gave_up(patience)):
            return ""
        best = f"The best is that of {self.images_seen:,} images; draw from it with: {sample_command(run)}"
        if self.gave_up(patience):
            return (
                f"The run ends because none of the last {self.since} snapshots had a better score (--patience "
                f"{patience}). {best}"
            )
        if self.last is not None and self.last > CLEARLY_WORSE * self.score:
            return f"The last snapshot scores {self.last:.3g}, clearly worse than {self.score:.3g} before. {best}"
        return ""


def score_among(events: Sequence[Event]) -> float | None:
    """The first score that can be compared; None when there is none."""
    scores = (event.score for event in events if isinstance(event, Measured))
    return next((score for score in scores if score is not None and isfinite(score)), None)


def best_checkpoint(run: Path) -> Path | None:
    """The folder that a run's `best.json` names; None where there is no such file or it cannot be read."""
    try:
        return run / str(json.loads((run / FILE).read_text(encoding="utf-8"))["checkpoint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sample_command(run: Path) -> str:
    """The command that draws from the best checkpoint, ready to paste."""
    return shlex.join(["gantool", "sample", str(run / "best"), "--grid"])


def _place(images_seen: int) -> str:
    return f"{FOLDER}/{images_seen:09d}"
