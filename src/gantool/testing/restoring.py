"""State of components, and a new component with the saved state."""

from collections.abc import Callable
from typing import TypeVar

from torch import nn

Built = TypeVar("Built")
REMEDY = (
    "a resumed run would differ from an uninterrupted one. Make it an nn.Module, and keep state in floating-point "
    "buffers (register_buffer)."
)


def used_and_restored(build: Callable[[], Built], use: Callable[[Built], object]) -> tuple[Built, Built]:
    """One that has been used a few times, and a new one with its state restored, as a resumed run has it."""
    used, again = build(), build()
    for _ in range(3):
        use(used)
    restore(used, again)
    return used, again


def restore(used: object, again: object) -> None:
    """Load the state of a used component into a new one, where both are modules."""
    if isinstance(used, nn.Module) and isinstance(again, nn.Module):
        again.load_state_dict(used.state_dict())
