"""Ctrl-C, SIGTERM and SIGHUP in a command that has something to save."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

import typer

from gantool.cli.output import say
from gantool.signals import HANGUPS, TERMINATING, handling, is_echo


class Caught(list[int]):
    """The signals that came, false while none has."""

    @property
    def exit_code(self) -> int:
        """The exit code of a command that the first of them stopped: 130 after Ctrl-C, 143 SIGTERM, 129 SIGHUP."""
        return 128 + self[0]


@contextmanager
def stopped(told: str) -> Iterator[None]:
    """Say what is lost or kept where Ctrl-C ends the block, and leave with 130."""
    try:
        yield
    except KeyboardInterrupt:
        say(told)
        raise typer.Exit(130) from None


def before_training() -> AbstractContextManager[None]:
    """Say that nothing is lost where Ctrl-C ends the block, and leave with 130."""
    return stopped("Stopped before training began; nothing was saved.")


def between_evaluations() -> AbstractContextManager[None]:
    """Say what is kept where Ctrl-C ends the block, in which models are measured, and leave with 130."""
    return stopped("Stopped by Ctrl-C; runs keep what was measured before in their evaluations.jsonl.")


@contextmanager
def interruptible(then: Callable[[], object] = lambda: None) -> Iterator[Caught]:
    """Inside the block the first Ctrl-C, SIGTERM or SIGHUP goes to the list and calls `then`, a later one ends it all.

    A second SIGHUP does not: shell and system both send one when a terminal closes. Nor does one within half a second
    of the first, such as that of `timeout`.
    """
    caught = Caught()
    first = 0.0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if caught and (number in HANGUPS or is_echo(first)):
            return
        if caught:
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        first = time.monotonic()
        caught.append(number)
        then()
        say("Finishing the step and saving; once more to quit at once.")

    with handling((signal.SIGINT, *TERMINATING), on_signal):
        yield caught
