"""Progress reports from long work to a listener that the work does not know."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]
"""A function called with the name of the work, the number done and the total."""

_listener: ContextVar[Listener | None] = ContextVar("gantool_progress", default=None)


def report(label: str, done: int, total: int) -> None:
    """Report that `done` of `total` are done; costs nothing without a listener."""
    listener = _listener.get()
    if listener is not None:
        listener(label, done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send every report made inside the block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
