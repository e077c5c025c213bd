"""Ctrl-C and SIGTERM in a command that has something to save."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from gantool.cli.output import say


class Caught(list[int]):
    """The signals that came, false while none has."""

    @property
    def exit_code(self) -> int:
        """The exit code of a command that was stopped by the first of them: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + self[0]


@contextmanager
def interruptible(then: Callable[[], object] = lambda: None) -> Iterator[Caught]:
    """Inside the block the first Ctrl-C or SIGTERM goes to the list and calls `then`, the second ends the process."""
    caught = Caught()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if caught:
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        caught.append(number)
        then()
        say("Finishing the step and saving; once more to quit at once.")

    before: dict[int, Callable[..., object] | int | None] = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
