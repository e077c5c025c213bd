"""Observers, which take the events of a run."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

from gantool.api.events import Event
from gantool.api.part import Part

Listener = Callable[[Event], Sequence[Event] | None]
"""A receiver of a run's events: an observer, or any function of the same signature."""


class Observer(Part):
    """Takes every event of a run. It never touches what is trained.

    It may answer with events of its own, a list or tuple, such as `Measured` and `Warned`. All other observers get
    them. The run keeps the checkpoint of the best `Measured.score`, so one observer at most should give one.
    """

    @abstractmethod
    def __call__(self, event: Event) -> Sequence[Event] | None:
        """Handle the event."""
