"""The watch: measures every snapshot against the data, warns early of what goes wrong, and scores for the best."""

from collections.abc import Callable, Sequence

from jaxtyping import UInt8
from torch import Tensor

from gantool.api.contracts import Observer
from gantool.api.events import Event, Measured, Snapshot, Started, Tick, Warned
from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.jsonl import FILE
from gantool.builtin.observers.measuring import Yardstick
from gantool.builtin.observers.trail import Reading, Verdict, score_of
from gantool.builtin.observers.verdicts import Judge, plain, read
from gantool.engine.best import sample_command

PIXELS = 2**21
"""Of all samples at the most, so that large pictures do not cost more time than they are worth ..."""
LEAST = 16
"""... but never fewer samples than this."""


class Watch(Observer):
    """Told of ticks and snapshots, it answers with measurements and warnings."""

    def __init__(self, options: WatchOptions) -> None:
        self._options = options
        self._judge = Judge(options, 1)
        self._reals: Callable[[int], UInt8[Tensor, "n c h w"]] | None = None
        self._yardstick: Yardstick | None = None
        self._goal, self._next = 1, 0

    def __call__(self, event: Event) -> Sequence[Event] | None:
        """Measure and judge."""
        if self._options.off:
            return None
        if isinstance(event, Started):
            self._start(event)
        elif isinstance(event, Tick):
            return self._warnings(Reading(event.images_seen, plain(event.scalars)))
        elif isinstance(event, Snapshot) and (event.images_seen >= self._next or event.images_seen >= self._goal):
            return self._measure(event)
        return None

    def _start(self, event: Started) -> None:
        self._run, self._resolution, self._reals = event.run, event.resolution, event.reals
        self._count = min(self._options.samples, max(LEAST, PIXELS // event.resolution**2))
        self._goal = event.images_goal
        self._judge = Judge(self._options, self._goal, event.penalties)
        # A run that goes on warns as one that was never stopped: what was said before is not said again.
        for reading in read(event.run / FILE, event.images_seen) if event.images_seen else ():
            self._judge.take(reading)
            self._note(reading)

    def _measure(self, event: Snapshot) -> Sequence[Event] | None:
        if self._reals is None:
            return None
        if self._yardstick is None:
            self._yardstick = Yardstick(self._reals(self._count))
        levels = event.draw(self._count) if event.draw and len(event.images[-1]) < self._count else event.images
        values = plain(self._yardstick.measure(levels[-1][: self._count]))
        comparable = self._options.best and levels[-1].shape[-1] == self._resolution
        score = plain({"score": score_of(values)})["score"] if comparable else None
        measured = Measured(event.images_seen, values, score)
        reading = Reading(event.images_seen, values if score is None else {**values, "score": score})
        self._note(reading)
        return [measured, *self._warnings(reading)]

    def _note(self, reading: Reading) -> None:
        # The rules count measurements, so these must not come faster than a run changes; and each takes its time.
        if "swd" in reading.values:
            self._next = reading.images_seen + round(self._options.every * self._goal)

    def _warnings(self, reading: Reading) -> list[Event]:
        return [Warned(reading.images_seen, self._words(verdict)) for verdict in self._judge.take(reading)]

    def _words(self, verdict: Verdict) -> str:
        best = self._judge.best
        if not 0 < best < verdict.images_seen:
            return verdict.message
        return (
            f"{verdict.message} The best checkpoint is that of {best:,} images: "
            f"{sample_command(self._run)} draws from it."
        )
