"""The last lines of a run: its time, score, best checkpoint and warnings, and what to do next."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import join

from gantool.api.events import Event, Finished, Measured, Started, Warned
from gantool.api.observers import Observer
from gantool.engine.best import Best
from gantool.engine.commands import folders, resume_command, sample_command
from gantool.engine.run_names import METRICS, REPORT, SAMPLES
from gantool.engine.spans import spent

MORE = 2
"""So many times the images is the length that a longer run is offered."""


class Tally(Observer):
    """Counts what a run does from its beginning to its end."""

    def __init__(self) -> None:
        self.warnings, self.images, self.seen, self.seconds = 0, 0, 0, 0.0
        self.score: float | None = None
        self._began, self._at = time.monotonic(), 0

    def __call__(self, event: Event) -> None:
        """Take the event into account."""
        if isinstance(event, Started):
            self._began, self._at = time.monotonic(), event.images_seen
        elif isinstance(event, Warned):
            self.warnings += 1
        elif isinstance(event, Measured) and event.score is not None:
            self.score = event.score
        elif isinstance(event, Finished):
            self.seconds, self.seen = time.monotonic() - self._began, event.images_seen
            self.images = self.seen - self._at


def closing(run: Path, best: Best, tally: Tally, plugins: Sequence[Path] = ()) -> Iterator[str]:
    """The last lines of a run that was not interrupted."""
    if tally.images:
        speed = tally.images / max(tally.seconds, 1e-9)
        shown = f"{speed:,.0f}" if speed >= 9.5 else f"{speed:.1f}"
        yield f"Trained on {tally.images:,} images in {spent(tally.seconds)}, {shown} a second. The run is {run}"
    if tally.images and tally.score is not None:
        last = f"Score {tally.score:.3g} (lower is better)"
        is_last = best.images_seen == tally.seen
        better = f"; the best was {best.score:.3g} at {best.images_seen:,} images, which is {run / 'best'}"
        yield last + ("; no checkpoint is better." if is_last else better if best.images_seen else ".")
    if tally.warnings:
        yield f"Warnings: {tally.warnings}, all of them in {run / METRICS}"
    yield f"Pictures: {run / SAMPLES}"
    if (run / REPORT).is_file():
        yield f"Report: {run / REPORT}"
    yield f"Draw more:    {sample_command(run, plugins) if best.images_seen else _on(run, plugins, 'sample', '--grid')}"
    yield f"Walk:         {_on(run, plugins, 'interpolate', '--seeds', '1,5,9', '--loop', '-o', 'walk.webp')}"
    longer = resume_command(run, plugins)
    yield f"Train longer: {longer} --images {MORE * tally.seen}"


def _on(run: Path, plugins: Sequence[Path], command: str, *words: str) -> str:
    return join(["gantool", command, str(run), *words, *folders(plugins)])
