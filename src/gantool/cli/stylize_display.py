"""The progress of `gantool stylize`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from gantool.cli.output import console, say
from gantool.render.progress_bar import Bar
from gantool.style.transfer import State

SECONDS_BETWEEN_LINES = 5.0
WHOLE = 10_000
"""The bar's length, of which a share is done."""
Show = Callable[[State, str, float], None]
"""A function that shows a state of the named picture, and the share of the whole work that is done."""
ShowShare = Callable[[float, tuple[str, ...]], None]
"""A function that shows the share of the whole work that is done, the time left, and what stands below that."""


@contextmanager
def display(quiet: bool) -> Iterator[Show]:
    """Show states of transfers as `display_of_shares` does."""
    with display_of_shares(quiet) as show:
        yield lambda state, name, share: show(share, status(state, name))


@contextmanager
def display_of_shares(quiet: bool) -> Iterator[ShowShare]:
    """Show progress as a live display on a terminal, else as a plain line every few seconds."""
    left = Remaining(time.monotonic)
    if quiet:
        yield lambda share, below: None
    elif console().is_terminal:
        from rich.live import Live

        bar = Bar(0, WHOLE, "first step ...")
        with Live(bar, console=console(), transient=True, refresh_per_second=4):
            yield lambda share, below: bar.show(round(share * WHOLE), beside(share, left(share)), below)
    else:
        shown_at = [time.monotonic() - SECONDS_BETWEEN_LINES]

        def line(share: float, below: tuple[str, ...]) -> None:
            seconds = left(share)
            if time.monotonic() - shown_at[0] >= SECONDS_BETWEEN_LINES or round(share, 6) >= 1:
                shown_at[0] = time.monotonic()
                say("  ".join([*beside(share, seconds), *below]))

        yield line


class Remaining:
    """The seconds left, by those since the first step, which sets up the kernels and so says nothing of the others."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None

    def __call__(self, share: float) -> float | None:
        """The seconds left after a step, when this share of the work is done; None after the first."""
        now = self._clock()
        began, done = self._first = self._first or (now, share)
        return (now - began) * (1 - share) / (share - done) if share > done else None


def beside(share: float, seconds: float | None) -> tuple[str, ...]:
    """What stands beside the bar."""
    return (f"{share:.0%}", *(() if seconds is None else (f"{timedelta(seconds=round(seconds))} left",)))


def status(state: State, name: str) -> tuple[str, ...]:
    """What stands below the bar: the size at hand, and the three losses where they are known."""
    height, width = state.image.shape[-2:]
    terms, (scale, scales), (step, steps) = state.terms, state.scale, state.at
    size = f"{width} x {height}" + (f" ({scale} of {scales})" if scales > 1 else "")
    if terms is None:
        return (f"{name}{size}",)
    losses = (f"content {terms.content:.4f}", f"style {terms.style:.5f}", f"tv {terms.tv:.4f}")
    return (f"{name}{size}", f"step {step}/{steps}", *losses)
