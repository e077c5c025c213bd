"""Signals that end a process, caught so that its work is saved first. Not every system has all of them."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object]


def _there(*names: str) -> tuple[signal.Signals, ...]:
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


TERMINATING = _there("SIGTERM", "SIGHUP", "SIGBREAK")
"""Signals of a scheduler, of a terminal that closes (POSIX), and of Ctrl-Break (Windows)."""
HANGUPS = _there("SIGHUP")
"""Signals that may come more than once for one event, from the shell and from the system."""
ECHO = 0.5
"""Seconds in which signals are one event: `timeout` sends its own to the command and, at once, to its process group."""


def is_echo(since: float) -> bool:
    """True for a signal so soon after the first, at `since` by the monotonic clock, that it is the same event."""
    return time.monotonic() - since < ECHO


@contextmanager
def handling(numbers: tuple[signal.Signals, ...], handler: Handler) -> Iterator[None]:
    """Handle these signals inside the block, but for those that are ignored, as SIGHUP is under nohup."""
    before = {number: signal.getsignal(number) for number in numbers}
    taken = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
    for number in taken:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in taken.items():
            signal.signal(number, signal.SIG_DFL if old is None else old)


def _raises() -> bool:
    """True where Ctrl-C raises KeyboardInterrupt: in the main thread, without a handler of the program's own."""
    ours = threading.current_thread() is threading.main_thread()
    return ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler


@contextmanager
def heeding_ctrl_c() -> Iterator[None]:
    """Have Ctrl-C end the block by KeyboardInterrupt, also where a library that is imported there swallows that.

    torch does while it imports numpy: the command would go on, or fail at what is imported by half.
    """
    came: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    if not _raises():
        yield
        return
    with handling((signal.SIGINT,), on_signal):
        try:
            yield
        finally:
            if came:
                raise KeyboardInterrupt


@contextmanager
def deferring_ctrl_c(then: Callable[[], object]) -> Iterator[list[int]]:
    """Inside the block the first Ctrl-C goes to the list and calls `then`, a later one raises KeyboardInterrupt.

    The list stays empty where Ctrl-C would not raise it anyway: outside the main thread, or with a handler of the
    program's own.
    """
    came: list[int] = []
    first = 0.0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if came and is_echo(first):
            return
        if came:
            raise KeyboardInterrupt
        first = time.monotonic()
        came.append(number)
        then()

    if not _raises():
        yield came
        return
    with handling((signal.SIGINT,), on_signal):
        yield came
