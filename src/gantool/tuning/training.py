"""A trial trained as a run in a folder of its own, which is resumed after an interruption."""

import gc
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantool.api.events import Event, Measured, Tick
from gantool.engine.run_names import CHECKPOINTS, CONFIG
from gantool.engine.trainer import Trainer
from gantool.errors import GantoolError, TrainingError, cause
from gantool.plugins.host import PluginHost
from gantool.progress import report as show_progress
from gantool.run import planning, start
from gantool.tuning.search import Outcome, Report
from gantool.tuning.trials import REPEAT, Trial, snapshot_every


@dataclass(frozen=True)
class TrialTrainer:
    """Trains trials by the components of `plugins`.

    `given` and `file` are the settings of the start, `guard` handles Ctrl-C during a trial.
    """

    plugins: PluginHost
    folder: Path
    given: Mapping[str, Any]
    file: Path | None
    images: int
    guard: Callable[[Trainer], AbstractContextManager[list[int]]]

    def __call__(self, trial: Trial, report: Report) -> Outcome:
        """Train the trial. An error in its settings or training is its outcome and does not end the search."""
        try:
            made = start.trainer(self._plan(trial), observers=[watcher := _Reporter(trial, report, self.images)])
        except Exception as error:
            if trial.number <= REPEAT or _is_of_the_machine(error):
                raise  # the next trial would fail the same way
            return Outcome(trial.images, _reason(error))
        watcher.stop = made.interrupt
        try:
            with self.guard(made) as caught:
                made.train()
            if watcher.failure is not None:
                raise watcher.failure
        except Exception as error:
            if error is watcher.failure or _is_of_the_machine(error):
                raise
            return Outcome(made.images_seen, _reason(error))
        images, interrupted = made.images_seen, bool(caught)
        del made, watcher.stop
        gc.collect()  # so that the memory is free for the next trial
        if trial.status == "stopped":
            shutil.rmtree(trial.run_in(self.folder) / CHECKPOINTS, ignore_errors=True)
        return Outcome(images, interrupted=interrupted)

    def _plan(self, trial: Trial) -> planning.Plan:
        run = trial.run_in(self.folder)
        if (run / CONFIG).is_file():
            return planning.plan(self.plugins, {}, resume=run)
        settings = {**self.given, **trial.settings, "images": self.images, "seed": trial.seed}
        # Checkpoints only serve to resume after an interruption.
        settings |= {"snapshot_every": snapshot_every(self.images), "keep": 1}
        return planning.plan(self.plugins, settings, self.file, run.parent, run.name)


class _Reporter:
    """Reports each score to the search, and stops the run when the search says so."""

    def __init__(self, trial: Trial, report: Report, images: int) -> None:
        self._trial, self._report, self._images = trial, report, images
        self.stop: Callable[[], None] = lambda: None
        self.failure: Exception | None = None
        """An error in the search itself, kept here because an observer that raises would only be switched off."""

    def __call__(self, event: Event) -> Sequence[Event] | None:
        if isinstance(event, Tick):
            show_progress(self._trial.title, min(event.images_seen, self._images), self._images)
        elif isinstance(event, Measured) and event.score is not None and event.images_seen:
            try:
                on = self._report(event.images_seen, event.score)
            except Exception as error:
                self.failure, on = error, False
            if not on:
                self.stop()
        return None


def _is_of_the_machine(error: BaseException) -> bool:
    """True for errors, such as a full disk, that would fail every trial that follows."""
    return isinstance(error, TrainingError) and isinstance(error.__cause__, OSError)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) if isinstance(error, GantoolError) else cause(error)
