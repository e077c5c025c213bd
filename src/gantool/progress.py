"""How long work deep inside tells whoever is watching how far it is, without knowing who that is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are."""

_listener: ContextVar[Listener | None] = ContextVar("gantool_progress", default=None)


def report(label: str, done: int, total: int) -> None:
    """Say that `done` of `total` are done; costs nothing when nobody listens."""
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
