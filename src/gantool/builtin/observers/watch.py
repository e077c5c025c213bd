"""The watch: measures snapshots against the data, warns early of problems, and scores them for the best checkpoint."""

from collections.abc import Callable, Sequence

from jaxtyping import UInt8
from torch import Tensor

from gantool.api.events import Event, Measured, Snapshot, Started, Tick, Warned
from gantool.api.observers import Observer
from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.detector import Detector, read_metrics, rounded
from gantool.builtin.observers.history import BOTH, MEASURED, Chosen, Problem, Reading, chance_of, flag_of, score_of
from gantool.builtin.observers.sample_metrics import SampleMetrics
from gantool.engine.commands import anew_command, change_command, longer_command, sample_command
from gantool.engine.run_names import METRICS
from gantool.engine.schedules import rests_before

PIXELS = 2**21
"""The most pixels of all measured samples, so that large pictures do not take too long."""
LEAST = 16
"""The least number of measured samples, whatever their size."""


class Watch(Observer):
    """Answers ticks and snapshots with measurements and warnings."""

    def __init__(self, options: WatchOptions) -> None:
        self._options = options
        self._detector = Detector(options, 1)
        self._reals: Callable[[int], UInt8[Tensor, "n c h w"]] | None = None
        self._metrics: SampleMetrics | None = None
        self._advised: dict[str, float] = {}
        self._goal, self._next = 1, 0

    def __call__(self, event: Event) -> Sequence[Event] | None:
        """Measure a snapshot, or check a tick."""
        if self._options.off:
            return None
        if isinstance(event, Started):
            self._start(event)
        elif isinstance(event, Warned):
            self._advised |= event.instead
        elif isinstance(event, Tick):
            return self._warnings(Reading(event.images_seen, rounded(event.scalars)))
        elif isinstance(event, Snapshot) and (event.images_seen >= self._next or event.images_seen >= self._goal):
            return self._measure(event)
        return None

    def _start(self, event: Started) -> None:
        self._run, self._resolution, self._reals = event.run, event.resolution, event.reals
        self._config, self._plugins = event.config, event.plugins
        self._count = min(self._options.samples, max(LEAST, PIXELS // event.resolution**2))
        self._goal = event.images_goal
        config = event.config
        arch, slow = str(event.brief.get("arch", config.arch)), config.lr_d < config.lr_g / 2
        chosen = Chosen(config.penalty, config.augment, arch, slow, event.pictures)
        self._detector = Detector(self._options, self._goal, chosen)
        # A resumed run warns as an uninterrupted one: earlier warnings are not repeated.
        for reading in read_metrics(event.run / METRICS, event.images_seen) if event.images_seen else ():
            self._detector.take(reading)
            self._note(reading)

    def _measure(self, event: Snapshot) -> Sequence[Event] | None:
        if self._reals is None:
            return None
        if self._metrics is None:
            self._metrics = SampleMetrics(self._reals(2 * self._count), self._count)
        levels = event.draw(self._count) if event.draw and len(event.images[-1]) < self._count else event.images
        values = rounded(self._metrics.measure(levels[-1][: self._count]))
        comparable = self._options.best and values.keys() >= MEASURED and levels[-1].shape[-1] == self._resolution
        score = rounded({"score": score_of(values)})["score"] if comparable else None
        measured = Measured(event.images_seen, values, score, chance_of(values))
        reading = Reading(event.images_seen, values if score is None else {**values, "score": score})
        self._note(reading)
        return [measured, *self._warnings(reading)]

    def _note(self, reading: Reading) -> None:
        # The rules count measurements, so these must not come faster than a run changes; and each takes time.
        if "swd" in reading.values:
            self._next = reading.images_seen + round(self._options.every * self._goal)

    def _warnings(self, reading: Reading) -> list[Event]:
        return [Warned(reading.images_seen, self._words(problem)) for problem in self._detector.take(reading)]

    def _words(self, problem: Problem) -> str:
        """The message, with the command that follows its advice from the best checkpoint, else from the newest."""
        best, run, plugins = self._detector.best, self._run, self._plugins
        if problem.longer:
            return f"{problem.message} Go on with: {longer_command(run, self._longer(), plugins)}"
        if problem.instead:
            usable = best if "arch" not in problem.instead else 0
            anew = anew_command(run, problem.instead, plugins, init=0 < usable < problem.images_seen)
            return f"{problem.message} Begin a new run so by: {anew}"
        of_best = f"{problem.message} The best checkpoint is the one at {best:,} images; sample from it with: "
        of_best += sample_command(run, plugins)
        if not problem.rates:
            return of_best if 0 < best < problem.images_seen else problem.message
        rates = problem.rates if self._detector.adversary else BOTH
        slower = {rate: self._advised.get(rate, getattr(self._config, rate) / 2) for rate in rates}
        flag = "--lr" if rates == BOTH else flag_of(rates[0])
        # Half of a rate that the start of the run warned of would still be one to warn of.
        half = f"the {flag} of the recipe" if set(rates) <= self._advised.keys() else f"half of {flag}"
        if 0 < best < problem.images_seen:
            return f"{of_best}\nBegin a new run with it and {half} by: {anew_command(run, slower, plugins)}"
        if problem.images_seen < self._goal:
            return f"{problem.message} To go on with {half}, stop the run and: {change_command(run, slower, plugins)}"
        return f"{problem.message} To go on with {half}: {change_command(run, {**slower, **self._longer()}, plugins)}"

    def _longer(self) -> dict[str, int]:
        """The settings by which a run goes on for as long again, and learns."""
        images = 2 * self._goal
        names = ("images", "horizon") if rests_before(self._config, images) else ("images",)
        return dict.fromkeys(names, images)
