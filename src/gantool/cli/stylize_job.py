"""What was asked of `gantool stylize`, where it may be written, and what Ctrl-C does to it."""

import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from gantool.cli.output import say
from gantool.errors import OptionError, did_you_mean
from gantool.render.animations import check_suffix
from gantool.render.pictures import ENCODINGS
from gantool.style.settings import Settings
from gantool.style.transfer import State


@dataclass(frozen=True)
class Job:
    """What was asked for."""

    content: Path
    styles: Sequence[str]
    out: Path
    extractor: str
    size: int | None
    settings: Settings
    masks: Sequence[Path]
    start: Path | None
    sheet: Path | None
    save_every: int | None
    device: str
    precision: str
    overwrite: bool
    quiet: bool


@dataclass(frozen=True)
class Drawn:
    """A picture that was made, or begun: the files, the last state of it and how long it took."""

    files: list[Path]
    last: State
    seconds: float


def check_out(out: Path, overwrite: bool, moving: bool = False) -> None:
    """Raise OptionError, before any work, when the file cannot be written there."""
    suffix = out.suffix.lower()
    if moving:
        check_suffix(out)
    elif suffix not in ENCODINGS:
        raise OptionError(
            f"{out}: the suffix chooses the format: {', '.join(ENCODINGS)}.{did_you_mean(suffix, ENCODINGS)}"
        )
    if out.exists() and not overwrite:
        raise OptionError(f"{out} is there already: choose another name, or replace it with --overwrite.")
    place = next(folder for folder in out.absolute().parents if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise OptionError(f"{out} cannot be written: in {place} no file can be made ({error.strerror}).") from error


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

    before: dict[int, Callable[..., object] | int | None] = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
