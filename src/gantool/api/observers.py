"""Observers, which take the events of a run."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

from gantool.api.events import Event
from gantool.api.part import Part

Listener = Callable[[Event], Sequence[Event] | None]
"""What takes the events of a run: an observer, or any function like it."""


class Observer(Part):
    """Takes every event of a run. It never touches what is trained.

    It may answer with events of its own, a list or tuple: what it measured, what it warns of. All other observers are
    told of them. The run keeps the checkpoint of the best `Measured.score`, so one observer at most should give one.
    """

    @abstractmethod
    def __call__(self, event: Event) -> Sequence[Event] | None:
        """Take note of the event."""
