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


@contextmanager
def display(quiet: bool) -> Iterator[Show]:
    """Show progress as a live display on a terminal, else as a plain line every few seconds."""
    left = Remaining(time.monotonic)
    if quiet:
        yield lambda state, name, share: None
    elif console().is_terminal:
        from rich.live import Live

        bar = Bar(0, WHOLE, "first step ...")
        with Live(bar, console=console(), transient=True, refresh_per_second=4):

            def update(state: State, name: str, share: float) -> None:
                bar.show(round(share * WHOLE), *status(state, name, share, left(share)))

            yield update
    else:
        shown_at = [time.monotonic() - SECONDS_BETWEEN_LINES]

        def line(state: State, name: str, share: float) -> None:
            seconds = left(share)
            if time.monotonic() - shown_at[0] >= SECONDS_BETWEEN_LINES or state.step == state.steps:
                shown_at[0] = time.monotonic()
                first, second = status(state, name, share, seconds)
                say("  ".join([*first, *second]))

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


def status(state: State, name: str, share: float, seconds: float | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands beside the bar, with the seconds left, and below it, with the size at hand and the three losses."""
    height, width = state.image.shape[-2:]
    left = () if seconds is None else (f"{timedelta(seconds=round(seconds))} left",)
    terms, (scale, scales), (step, steps) = state.terms, state.scale, state.at
    size = f"{width} x {height}" + (f" ({scale} of {scales})" if scales > 1 else "")
    losses = (f"content {terms.content:.4f}", f"style {terms.style:.5f}", f"tv {terms.tv:.4f}")
    return (f"{share:.0%}", *left), (f"{name}{size}", f"step {step}/{steps}", *losses)
