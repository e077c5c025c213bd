"""What a component remembers: all of it comes back with its saved state."""

from collections.abc import Callable
from typing import TypeVar

from torch import nn

Built = TypeVar("Built")
REMEDY = (
    "a run that goes on would differ from one that did not stop. What remembers something is an nn.Module that keeps "
    "it in buffers of floating point (register_buffer)."
)


def goes_on(build: Callable[[], Built], use: Callable[[Built], object]) -> tuple[Built, Built]:
    """One that has been used a few times, and a new one with its state restored, as a run does that goes on."""
    used, again = build(), build()
    for _ in range(3):
        use(used)
    restore(used, again)
    return used, again


def restore(used: object, again: object) -> None:
    """Give a new component what is saved of a used one: its state, where it is a module."""
    if isinstance(used, nn.Module) and isinstance(again, nn.Module):
        again.load_state_dict(used.state_dict())
