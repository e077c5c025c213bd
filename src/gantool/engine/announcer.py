"""Telling observers, so that one that fails never harms the run."""

from collections.abc import Sequence

from gantool.contracts import Observer
from gantool.engine.events import Event, Warned


class Announcer:
    """Passes each event to every observer; one that raises is dropped, and the others are told."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = list(observers)

    def __call__(self, event: Event) -> None:
        """Tell everyone."""
        failed: list[str] = []
        for observer in list(self._observers):
            try:
                observer(event)
            except (Exception, SystemExit) as error:
                self._observers.remove(observer)
                name = type(observer).__name__
                failed.append(f"The observer {name} failed and is switched off: {type(error).__name__}: {error}")
        for message in failed:
            self(Warned(event.images_seen, message))
