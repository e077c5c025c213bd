"""The clock of a run, what falls due by it (ticks, snapshots and checkpoints), and the seed of each step."""

import hashlib
import time

from gantool.api.run_config import RunConfig

GRIDS, CHECKPOINTS = 20, 10
"""Sample grids and checkpoints of a run whose intervals are neither given nor chosen by time."""


def usual_intervals(config: RunConfig) -> tuple[int, int]:
    """The images between sample grids, and those between checkpoints, of a run of this length."""
    return max(config.images // GRIDS, config.batch), max(config.images // CHECKPOINTS, config.batch)


class Cadence:
    """Images seen, and the intervals of the configuration that the last step has passed."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        grids, checkpoints = usual_intervals(config)
        self._snapshot_every = grids if config.snapshot_every == "auto" else config.snapshot_every
        self._checkpoint_every = checkpoints if config.checkpoint_every == "auto" else config.checkpoint_every
        self.late = False
        """True if a checkpoint is due by the time since the last one, as all processes have agreed."""
        self.images_seen = 0
        self._before = 0
        self._resumed_from = self._saved_images = -1
        self._saved_at = time.monotonic()
        self.begin()

    def begin(self) -> None:
        """Begin a tick, with nothing in it yet."""
        self._tick_start, self._tick_images = time.monotonic(), self.images_seen

    def resume(self, images_seen: int) -> None:
        """Set the clock to that of a checkpoint."""
        self.images_seen = self._before = self._resumed_from = images_seen

    def advance(self, batch: int) -> None:
        """Advance the clock by a step."""
        self._before, self.images_seen = self.images_seen, self.images_seen + batch

    def close_tick(self) -> tuple[float, int]:
        """The seconds and images of a tick; the next one begins."""
        seconds, images = time.monotonic() - self._tick_start, self.images_seen - self._tick_images
        self.begin()
        return seconds, images

    def note_saved(self) -> None:
        """Take note of a checkpoint."""
        self._saved_at, self._saved_images = time.monotonic(), self.images_seen

    @property
    def tick_due(self) -> bool:
        """True if the last step has passed a tick's interval, or reached the goal."""
        return self._passed(self._config.tick) or self.images_seen >= self._config.images

    @property
    def snapshot_due(self) -> bool:
        """True if the last step has passed a snapshot's interval."""
        return self._passed(self._snapshot_every)

    @property
    def checkpoint_due(self) -> bool:
        """True if it is time for a checkpoint, unless it has just been written."""
        return self.is_unsaved and (self.late or self._passed(self._checkpoint_every))

    @property
    def is_late(self) -> bool:
        """True if this process's clock says that a checkpoint is due; those of others may differ."""
        minutes = self._config.checkpoint_minutes
        return minutes > 0 and time.monotonic() - self._saved_at > 60 * minutes

    @property
    def is_unsaved(self) -> bool:
        """True if no checkpoint has been written at this clock."""
        return self._saved_images != self.images_seen

    @property
    def is_in_a_tick(self) -> bool:
        """True if there were steps since the last tick."""
        return self._tick_images != self.images_seen

    @property
    def has_moved(self) -> bool:
        """True if there were steps since the checkpoint that the run resumed from."""
        return self._resumed_from != self.images_seen

    @property
    def has_unsaved_steps(self) -> bool:
        """True if there were steps since the last checkpoint."""
        return self.has_moved and self.is_unsaved

    def _passed(self, every: int) -> bool:
        return self.images_seen // every != self._before // every


def derived_seed(seed: int, images_seen: int, rank: int) -> int:
    """A seed for one step of one process: 63 bits that depend on all three numbers."""
    digest = hashlib.sha256(f"{seed} {images_seen} {rank}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
