"""Display of reported progress: a bar on a terminal, else a plain line every few seconds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gantool.cli.output import console, say
from gantool.progress import Listener, listening

if TYPE_CHECKING:
    from rich.console import RenderableType

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_UPDATES = 0.1


@contextmanager
def showing_progress() -> Iterator[None]:
    """Show every report made inside the block on standard error; what is done in a moment shows nothing in a pipe."""
    if console().is_terminal:
        with _bars() as listener, listening(listener):
            yield
    else:
        with listening(plain_lines(time.monotonic, say)):
            yield


def plain_lines(clock: Callable[[], float], write: Callable[[str], None]) -> Listener:
    """A listener that writes one line every few seconds, and a last one for work that had a line before."""
    first_seen: dict[str, tuple[float, int]] = {}
    last_line: dict[str, float] = {}

    def listen(label: str, done: int, total: int) -> None:
        now = clock()
        began, before = first_seen.setdefault(label, (now, done))
        since = now - last_line.get(label, began)
        finished = done >= total
        if since >= SECONDS_BETWEEN_LINES or (finished and label in last_line):
            last_line[label] = now
            share = f" ({100 * done // total} %)" if total else ""
            left = (total - done) * (now - began) / (done - before) if done > before else 0
            time_left = f", {_span(left)} left" if left else ""
            whole = f"{'done in' if finished else 'for'} {_span(now - began)}"
            write(f"{label}: {f'{done:,} of {total:,}{share}{time_left}' if total > 1 else whole}")
        if finished:
            first_seen.pop(label, None)
            last_line.pop(label, None)

    return listen


def _span(seconds: float) -> str:
    """A time as h:mm:ss."""
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}"


@contextmanager
def _bars() -> Iterator[Listener]:
    """A listener with one bar for each label, gone when the work is done."""
    from rich.constrain import Constrain
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from gantool.render.progress_bar import KEPT_FREE

    screen = console()

    class Narrow(Progress):
        def get_renderables(self) -> "Iterator[RenderableType]":
            width = max(screen.width - KEPT_FREE, 1)
            for each in super().get_renderables():
                yield Constrain(each, width)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Narrow(*columns, console=screen, transient=True) as progress:
        tasks = {}
        updated: dict[str, float] = {}

        def listen(label: str, done: int, total: int) -> None:
            now = time.monotonic()
            if done < total and now - updated.get(label, -1.0) < SECONDS_BETWEEN_UPDATES:
                return
            updated[label] = now
            if label not in tasks:
                tasks[label] = progress.add_task(label)
            progress.update(tasks[label], completed=done, total=total)

        yield listen
