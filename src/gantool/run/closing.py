"""The last lines of a run: its time, score, best checkpoint and warnings, and what to do next."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import join

from gantool.api.events import Event, Finished, Measured, Started, Tick, Warned
from gantool.api.observers import Observer
from gantool.api.run_config import RunConfig
from gantool.engine.best import Best, apart, is_clearly_better
from gantool.engine.commands import folders, resume_command, sample_command
from gantool.engine.run_names import METRICS, REPORT, SAMPLES
from gantool.engine.schedules import rests_before
from gantool.engine.spans import spent

MORE = 2
"""So many times the images is the length that a longer run is offered."""
ABOUT_AS_GOOD = 1.05
"""The factor of the best score from which a last one is called somewhat worse, unless that may be chance."""
SCALE = "distance to the data, lower is better"


class Tally(Observer):
    """Counts what a run does from its beginning to its end; its time is that of its ticks, as on the report's page."""

    def __init__(self) -> None:
        self.warnings, self.images, self.seen, self.seconds = 0, 0, 0, 0.0
        self.score: float | None = None
        self.chance = 0.0
        self.advised: float | None = None
        self.config: RunConfig | None = None
        self._at = 0

    def __call__(self, event: Event) -> None:
        """Take the event into account."""
        if isinstance(event, Started):
            self._at, self.config = event.images_seen, event.config
        elif isinstance(event, Tick):
            self.seconds += event.seconds
        elif isinstance(event, Warned):
            self.warnings += 1
            self.advised = event.instead.get("images", self.advised)
        elif isinstance(event, Measured) and event.score is not None:
            self.score, self.chance = event.score, event.chance
        elif isinstance(event, Finished):
            self.seen = event.images_seen
            self.images = self.seen - self._at


def closing(run: Path, best: Best, tally: Tally, plugins: Sequence[Path] = ()) -> Iterator[str]:
    """The last lines of a run that was not interrupted."""
    if tally.images:
        speed = tally.images / max(tally.seconds, 1e-9)
        shown = f"{speed:,.0f}" if speed >= 9.5 else f"{speed:.1f}"
        yield f"Trained on {tally.images:,} images in {spent(tally.seconds)}, {shown} a second. The run is {run}"
    if tally.images and tally.score is not None:
        yield _score(run, best, tally.score, tally.chance, tally.seen)
    if tally.warnings:
        yield f"Warnings: {tally.warnings}, all of them in {run / METRICS}"
    yield f"Pictures: {run / SAMPLES}"
    if (run / REPORT).is_file():
        yield f"Report: {run / REPORT}"
    last = best.last if tally.score is None else tally.score
    from_best = best.images_seen > 0 and is_clearly_better(best.score, last)
    yield f"Draw more:    {sample_command(run, plugins, best=from_best)}"
    walk = ["gantool", "interpolate", str(run / "best" if from_best else run), "--seeds", "1,5,9", "--loop"]
    yield f"Walk:         {join([*walk, '-o', 'walk.webp', *folders(plugins)])}"
    # What a warning at the start named is enough, and twice too little may still be too little.
    enough = MORE * tally.seen if tally.advised is None or tally.advised <= tally.seen else int(tally.advised)
    flags = ["--images", str(enough), *_flags(best, tally, enough)]
    yield f"Train longer: {resume_command(run, plugins)} {join(flags)}"


def _flags(best: Best, tally: Tally, images: int) -> list[str]:
    """The flags without which a run that goes on would end at once, or learn nothing more."""
    if tally.config is None:
        return []
    patience = ["--patience", "0"] if best.gave_up(tally.config.patience) else []
    return patience + (["--horizon", str(images), "--change"] if rests_before(tally.config, images) else [])


def _score(run: Path, best: Best, score: float, chance: float, seen: int) -> str:
    """The last score beside that of the best checkpoint, which may be worse: an end between snapshots is none."""
    if best.images_seen in (0, seen):
        now, least = apart(score, best.least)
        within = f", since that is as good as the least, {least}, within chance" if score > best.least else ""
        return f"Score {now} ({SCALE})" + (f"; this is the best checkpoint{within}." if best.images_seen else ".")
    last, of_best = apart(score, best.score)
    at = f"{of_best} at {best.images_seen:,} images"
    if score < best.score:
        return (
            f"Score {last} ({SCALE}), better than {run / 'best'}, which has {at}: an end that is no "
            "multiple of --snapshot-every does not count for the best checkpoint."
        )
    if not is_clearly_better(best.score, score):
        as_good = score <= ABOUT_AS_GOOD * best.score or score < best.least + chance
        beside = "about as good as" if as_good else "somewhat worse than"
        return f"Score {last} ({SCALE}), {beside} {run / 'best'}, which has {at}"
    return f"Score {last} ({SCALE}); the best was {at}, which is {run / 'best'}"
