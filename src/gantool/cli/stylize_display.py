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
    began = time.monotonic()
    if quiet:
        yield lambda state, name, share: None
    elif console().is_terminal:
        from rich.live import Live

        bar = Bar(0, WHOLE, "first step ...")
        with Live(bar, console=console(), transient=True, refresh_per_second=4):

            def update(state: State, name: str, share: float) -> None:
                bar.show(round(share * WHOLE), *status(state, name, share, time.monotonic() - began))

            yield update
    else:
        shown_at = [began - SECONDS_BETWEEN_LINES]

        def line(state: State, name: str, share: float) -> None:
            if time.monotonic() - shown_at[0] >= SECONDS_BETWEEN_LINES or state.step == state.steps:
                shown_at[0] = time.monotonic()
                first, second = status(state, name, share, time.monotonic() - began)
                say("  ".join([*first, *second]))

        yield line


def status(state: State, name: str, share: float, seconds: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands beside the bar, with the time left, and below it, with the size at hand and the three losses."""
    height, width = state.image.shape[-2:]
    left = timedelta(seconds=round(seconds * (1 - share) / max(share, 1e-3)))
    terms, (scale, scales), (step, steps) = state.terms, state.scale, state.at
    size = f"{width} x {height}" + (f" ({scale} of {scales})" if scales > 1 else "")
    losses = (f"content {terms.content:.4f}", f"style {terms.style:.5f}", f"tv {terms.tv:.4f}")
    return (f"{share:.0%}", f"{left} left"), (f"{name}{size}", f"step {step}/{steps}", *losses)
