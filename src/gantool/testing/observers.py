"""The checks of an observer."""

import copy
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, fields
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor

from gantool.api.events import Checkpoint, Event, Finished, Measured, Snapshot, Started, Tick, Warned
from gantool.api.observers import Observer
from gantool.engine.run_names import CHECKPOINTS, by_images
from gantool.errors import shortened
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.run.resolve import resolve
from gantool.testing.faults import Fault, found, unwaived
from gantool.testing.networks import same, seeded
from gantool.testing.seeding import touches_torch
from gantool.testing.trials import Trial

SIDE, GOAL = 16, 64


@dataclass(frozen=True)
class Later:
    """An event of a class that gantool does not have yet."""

    images_seen: int


def events(run: Path, plugins: PluginHost) -> list[Event]:
    """Those of a short run, with the same pictures each time."""
    short = {"arch": "mlp", "data": "shapes", "resolution": SIDE, "images": GOAL, "batch": 8, "device": "cpu",
             "precision": "float32", "layout": "contiguous"}  # fmt: skip
    config = resolve(plugins, short)
    with seeded(0):
        pictures = torch.randint(0, 256, (64, 3, SIDE, SIDE), dtype=torch.uint8)
    scalars = {"loss_d": 1.386, "loss_g": 0.693, "real_accuracy": 0.5, "fake_accuracy": 0.5, "gradient_norm_d": 1.0,
               "gradient_norm_g": 1.0, "skipped_steps": 0.0}  # fmt: skip

    def snapshot(images_seen: int) -> Snapshot:
        return Snapshot(images_seen, (pictures[:16],), lambda n: (pictures[:n],))

    return [
        Started(run, config.arch, 0, GOAL, "cpu", "float32", config.batch, SIDE, config, lambda n: pictures[:n]),
        snapshot(0),
        Tick(32, GOAL, 1.0, 32.0, scalars, {"level": 1.0}),
        snapshot(32),
        Measured(32, {"swd": 0.5}, 0.5),
        Checkpoint(32, run / CHECKPOINTS / by_images(32)),
        Warned(32, "Something to know."),
        Tick(GOAL, GOAL, 0.0, 0.0, {**scalars, "loss_d": float("nan"), "skipped_steps": 1.0}),
        snapshot(GOAL),
        Finished(GOAL, run, interrupted=False),
    ]


def it_handles_every_event(trial: Trial[Observer]) -> Iterator[str]:
    """It handles every event of a run, and returns events or None."""
    with _run_folder() as folder:
        observer = trial.new
        for event in events(Path(folder), trial.plugins):
            answer = observer(event)
            sound = isinstance(answer, list | tuple) and all(isinstance(each, get_args(Event)) for each in answer)
            if answer is not None and not sound:
                told = shortened(repr(answer), 60)
                yield (
                    f"it answers {type(event).__name__} with {told}; return None, or a list or tuple of events such "
                    "as gantool.Warned."
                )
                return


def it_handles_resumed_and_failed_runs(trial: Trial[Observer]) -> Iterator[str]:
    """It handles a run that resumes, is interrupted, and fails."""
    with _run_folder() as folder:
        run = Path(folder)
        started, *_, finished = events(run, trial.plugins)
        assert isinstance(started, Started)
        assert isinstance(finished, Finished)
        for ended in (Finished(32, run, interrupted=True), Finished(32, run, interrupted=False, failed=True), finished):
            observer = trial.new
            observer(started)
            observer(ended)
    yield from ()


def unknown_events_are_ignored(trial: Trial[Observer]) -> Iterator[str]:
    """It ignores events of unknown classes."""
    with _run_folder() as folder:
        observer = trial.new
        started, *_, finished = events(Path(folder), trial.plugins)
        observer(started)
        later: Any = Later(8)
        try:
            observer(later)
        except Exception as error:
            if "beartype" in type(error).__module__ or "jaxtyping" in type(error).__module__:
                return  # only tests check annotations at run time
            yield (
                f"it raises {type(error).__name__} for an event of an unknown class. Newer versions of gantool may "
                "have more events: test for yours by isinstance, and ignore the rest."
            )
            return
        finally:
            observer(finished)  # so that it lets go of its files, which are removed next


def it_changes_nothing(trial: Trial[Observer]) -> Iterator[str]:
    """It leaves events, and torch's random state, as they are."""
    with _run_folder() as folder:
        observer = trial.new
        for event in events(Path(folder), trial.plugins):
            before = copy.deepcopy({field.name: getattr(event, field.name) for field in fields(event)})
            touched = touches_torch(partial(observer, event))
            odd = [name for name, value in before.items() if not _unchanged(value, getattr(event, name))]
            if odd:
                yield (
                    f"it changes {odd[0]} of the event {type(event).__name__}, which other observers get too. Copy "
                    "it first."
                )
                return
            if touched:
                yield (
                    f"it draws from torch's own generator at {type(event).__name__}, or seeds it, and that is the "
                    "run's. "
                    "Use a torch.Generator of your own, or torch.random.fork_rng."
                )
                return


def _unchanged(before: object, after: object) -> bool:
    if isinstance(before, Tensor | tuple) and isinstance(after, Tensor | tuple):
        return same(before, after)
    if isinstance(before, dict) and isinstance(after, dict):
        return repr(before) == repr(after)
    return callable(before) or before == after


def _run_folder() -> "tempfile.TemporaryDirectory[str]":
    # A thread of the observer's may write still: that is no fault of what the property asks.
    return tempfile.TemporaryDirectory(prefix="gantool-", ignore_cleanup_errors=True)


PROPERTIES: Sequence[Any] = (
    it_handles_every_event,
    it_handles_resumed_and_failed_runs,
    unknown_events_are_ignored,
    it_changes_nothing,
)


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of an observer."""
    with redirect_stderr(StringIO()):  # a console observer would report the run
        return found(unwaived(PROPERTIES, component), Trial[Observer](component, plugins))
