"""What `gantool stylize` does around the transfer: progress, Ctrl-C, and the file at the end."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType

import typer
from PIL import Image

from gantool.cli.output import console, result, result_json, say
from gantool.cli.progress import showing_progress
from gantool.data.whole import Picture, read_picture
from gantool.errors import GantoolError, OptionError, did_you_mean
from gantool.pixels import to_uint8
from gantool.render.pictures import ENCODINGS, save_pictures, to_pil
from gantool.style.settings import Settings
from gantool.style.transfer import State
from gantool.stylizing import find_extractor, parse_style, stylize

SECONDS_BETWEEN_LINES = 5.0
Show = Callable[[State], None]


@dataclass(frozen=True)
class Job:
    """One picture to make."""

    content: Path
    styles: Sequence[str]
    out: Path
    extractor: str
    size: int | None
    settings: Settings
    device: str
    precision: str


def check_out(out: Path, overwrite: bool) -> None:
    """Raise OptionError, before any work, when the file cannot be written there."""
    suffix = out.suffix.lower()
    if suffix not in ENCODINGS:
        raise OptionError(
            f"{out}: the suffix chooses the format: {', '.join(ENCODINGS)}.{did_you_mean(suffix, ENCODINGS)}"
        )
    if out.exists() and not overwrite:
        raise OptionError(f"{out} is there already: choose another name with -o, or replace it with --overwrite.")


def run(job: Job, *, quiet: bool, as_json: bool, overwrite: bool) -> None:
    """Make the picture, write it, and leave with 0, or 130 or 143 after an interruption with the picture so far."""
    styles = [parse_style(text) for text in job.styles]
    content = read_picture(job.content, job.size)
    with showing_progress():
        extractor, name = find_extractor(job.extractor)
    began = time.monotonic()
    last: State | None = None
    try:
        with interruptible() as caught, display(quiet, began) as show:
            for state in stylize(content, styles, extractor, job.settings, job.device, job.precision):
                last = state
                show(state)
                if caught:
                    break
    except GantoolError:
        if last is not None:
            _save(last, content, job.out, overwrite)
            say(f"The picture before that is in {job.out}.")
        raise
    assert last is not None, "a transfer has a step at least"
    _save(last, content, job.out, overwrite)
    if as_json:
        result_json(_summary(job, name, last, time.monotonic() - began, bool(caught)))
    else:
        result(str(job.out))
    if caught:
        say(f"Stopped at step {last.step} of {last.steps}; the picture so far is in {job.out}.")
        raise typer.Exit(128 + caught[0])


def _save(state: State, content: Picture, out: Path, overwrite: bool) -> None:
    save_pictures([with_alpha(to_pil(to_uint8(state.image[0])), content, out)], [out], overwrite)


def with_alpha(picture: Image.Image, content: Picture, out: Path) -> Image.Image:
    """With the content's transparency, where the format has any, at the picture's size."""
    if content.alpha is None or out.suffix.lower() == ".jpg":
        return picture
    alpha = to_pil(content.alpha).resize(picture.size)
    picture.putalpha(alpha)
    return picture


def _summary(job: Job, extractor: str, last: State, seconds: float, interrupted: bool) -> dict[str, object]:
    height, width = last.image.shape[-2:]
    terms = last.terms
    return {
        "files": [str(job.out)],
        "extractor": extractor,
        "width": width,
        "height": height,
        "steps": last.step,
        "seconds": round(seconds, 1),
        "interrupted": interrupted,
        "losses": {"content": terms.content, "style": terms.style, "tv": terms.tv, "total": terms.total},
    }


@contextmanager
def interruptible() -> Iterator[list[int]]:
    """The first Ctrl-C or SIGTERM is noted in the list, the second ends the process."""
    caught: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        if caught:
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        caught.append(number)
        say("Finishing the step and saving; once more to quit at once.")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def display(quiet: bool, began: float) -> Iterator[Show]:
    """A live line on a terminal, else a plain one every few seconds."""
    if quiet:
        yield lambda state: None
    elif console().is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(bar_width=24), TextColumn("{task.description}"))
        with Progress(*columns, console=console(), transient=True, refresh_per_second=4) as progress:
            task = progress.add_task("first step ...", total=1.0)
            yield lambda state: progress.update(
                task, completed=state.share, description=status(state, time.monotonic() - began)
            )
    else:
        said_at = [began - SECONDS_BETWEEN_LINES]

        def line(state: State) -> None:
            if time.monotonic() - said_at[0] >= SECONDS_BETWEEN_LINES or state.step == state.steps:
                said_at[0] = time.monotonic()
                say(status(state, time.monotonic() - began))

        yield line


def status(state: State, seconds: float) -> str:
    """How far, how long to go, and the three losses, on one line."""
    height, width = state.image.shape[-2:]
    left = timedelta(seconds=round(seconds * (1 - state.share) / max(state.share, 1e-3)))
    terms = state.terms
    return (
        f"{width} x {height}  step {state.step}/{state.steps}  {state.share:.0%}  {left} left  "
        f"content {terms.content:.4f}  style {terms.style:.5f}  tv {terms.tv:.4f}"
    )
