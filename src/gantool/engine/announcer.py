"""Delivery of events to observers, so that one that fails never harms the run."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, isfinite
from time import perf_counter
from typing import get_args

from gantool.api.events import Event, Finished, Measured, Started, Warned
from gantool.api.observers import Listener
from gantool.api.part import name_of
from gantool.errors import cause, is_disk_full, sentence

RESERVED = ("images_seen", "images_per_second", "score", "chance", "warning")
"""Names in lines of metrics.jsonl that no value of a measurement may have."""


SLOW_SECONDS, SLOW_SHARE = 30.0, 0.5
"""A plugin's observer that takes longer than both, the share of the run's time, is told once."""


class Announcer:
    """Passes each event to every observer; one that raises is dropped, with a warning to the others.

    Only a full disk is raised on, as TrainingError.
    """

    def __init__(self, observers: Sequence[Listener]) -> None:
        self._observers = list(observers)
        self._unscored: set[int] = set()
        self._began, self._seconds = perf_counter(), dict[int, float]()

    def __call__(self, event: Event) -> tuple[Event, ...]:
        """Pass an event to all observers, and each answer to all others. Returns the answers.

        An answer to an answer is dropped, since two observers could go on answering for ever.
        """
        failures: list[Warned] = []
        answers = [
            (observer, answer) for observer in list(self._observers) for answer in self._ask(observer, event, failures)
        ]
        answers = [(author, self._scored(author, answer, failures)) for author, answer in answers]
        for author, answer in answers:
            for observer in list(self._observers):
                if observer is not author:
                    self._ask(observer, answer, failures)
        for failure in failures:
            self(failure)
        return tuple(answer for _, answer in answers)

    def _scored(self, author: Listener, answer: Event, failures: list[Warned]) -> Event:
        """The answer, without a score that is not finite, which is told once of each observer."""
        if not isinstance(answer, Measured) or answer.score is None or isfinite(answer.score):
            return answer
        if id(author) not in self._unscored:
            self._unscored.add(id(author))
            what = f"{_called(author)} gave the score {answer.score}, which counts as none: a score is a finite number."
            failures.append(Warned(answer.images_seen, what))
        return replace(answer, score=None)

    def _ask(self, observer: Listener, event: Event, failures: list[Warned]) -> Sequence[Event]:
        began = perf_counter()
        try:
            answers = _checked(observer(event))
            self._notice(observer, event, began, failures)
            return answers
        except (Exception, SystemExit) as error:
            if is_disk_full(error) and not isinstance(event, Finished):
                raise  # no fault of the observer's: the run stops here, and a resume finds nothing missing
            self._observers.remove(observer)
            what = f"{_called(observer)} failed and is switched off: {cause(error)}"
            failures.append(Warned(event.images_seen, sentence(what)))
            return ()

    def _notice(self, observer: Listener, event: Event, began: float, failures: list[Warned]) -> None:
        """Tell once of a plugin's observer that the run waits for most of the time, but for its beginning and end."""
        if isinstance(event, Started | Finished):
            return
        now = perf_counter()
        spent, passed = self._seconds.get(id(observer), 0.0) + now - began, now - self._began
        self._seconds[id(observer)] = spent
        if _package(observer) in ("gantool", "") or spent <= max(SLOW_SECONDS, SLOW_SHARE * passed):
            return
        self._seconds[id(observer)] = -inf
        what = f"{_called(observer)} took {spent:.0f} of the last {passed:.0f} seconds, for which the run waits."
        name = getattr(observer, "component_name", "")
        it = f"--log {name}" if name else "it"
        failures.append(Warned(event.images_seen, f"{what} Leave {it} out, or have its work done in a thread."))


def _package(observer: Listener) -> str:
    return (getattr(observer, "__module__", None) or "").partition(".")[0]  # a method in C has none


def _called(observer: Listener) -> str:
    """An observer's name for messages, and its package where that is not gantool."""
    package = _package(observer)
    return f"The observer {name_of(observer)}{'' if package in ('gantool', '') else f' of {package}'}"


def _checked(answer: object) -> Sequence[Event]:
    if answer is None:
        return ()
    if not isinstance(answer, list | tuple) or not all(isinstance(one, get_args(Event)) for one in answer):
        raise TypeError(f"it answered {answer!r}; an observer answers with a list of events, or None")
    for one in answer:
        if isinstance(one, Measured) and (taken := [name for name in RESERVED if name in one.values]):
            raise ValueError(
                f"it measured {taken[0]!r}, a name that metrics.jsonl has for something else; choose another name"
            )
    return answer
