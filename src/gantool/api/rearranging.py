"""Layers may be computed in another order than written, where a run allows it: equal in real arithmetic, and faster."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ALLOWED: ContextVar[bool] = ContextVar("rearranges", default=False)


def rearranges() -> bool:
    """True where a network that is called may compute its convolutions in another order."""
    return _ALLOWED.get()


@contextmanager
def rearranging() -> Iterator[None]:
    """Allow it inside the block."""
    before = _ALLOWED.set(True)
    try:
        yield
    finally:
        _ALLOWED.reset(before)
