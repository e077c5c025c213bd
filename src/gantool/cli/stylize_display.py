"""The progress line of `gantool stylize`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from gantool.cli.output import console, say
from gantool.style.transfer import State

SECONDS_BETWEEN_LINES = 5.0
Show = Callable[[State, str, float], None]
"""A function that shows a state of the named picture, and the share of the whole work that is done."""


@contextmanager
def display(quiet: bool) -> Iterator[Show]:
    """Show progress as a live line on a terminal, else as a plain line every few seconds."""
    began = time.monotonic()
    if quiet:
        yield lambda state, name, share: None
    elif console().is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(bar_width=24), TextColumn("{task.description}"))
        with Progress(*columns, console=console(), transient=True, refresh_per_second=4) as progress:
            task = progress.add_task("first step ...", total=1.0)

            def update(state: State, name: str, share: float) -> None:
                line = status(state, name, share, time.monotonic() - began)
                progress.update(task, completed=share, description=line)

            yield update
    else:
        shown_at = [began - SECONDS_BETWEEN_LINES]

        def line(state: State, name: str, share: float) -> None:
            if time.monotonic() - shown_at[0] >= SECONDS_BETWEEN_LINES or state.step == state.steps:
                shown_at[0] = time.monotonic()
                say(status(state, name, share, time.monotonic() - began))

        yield line


def status(state: State, name: str, share: float, seconds: float) -> str:
    """One line with the progress, the time left and the three losses."""
    height, width = state.image.shape[-2:]
    left = timedelta(seconds=round(seconds * (1 - share) / max(share, 1e-3)))
    terms = state.terms
    return (
        f"{name}{width} x {height}  step {state.step}/{state.steps}  {share:.0%}  {left} left  "
        f"content {terms.content:.4f}  style {terms.style:.5f}  tv {terms.tv:.4f}"
    )
