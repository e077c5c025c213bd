"""Faults: a property is a function that checks one rule, and yields a sentence for each violation."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from typing import TypeVar

from gantool.api.specs import Command, Spec
from gantool.errors import GantoolError, cause
from gantool.plugins.selection import Chosen

Subject = TypeVar("Subject")
Property = Callable[[Subject], Iterator[str]]
"""The first line of its docstring is the rule."""


class Fault(str):
    """A sentence on a violation, and the name of its check, by which a spec can waive it."""

    check: str

    def __new__(cls, text: str, check: str) -> "Fault":
        """The sentence with the name; a fault that has one already keeps its own."""
        made = super().__new__(cls, text)
        made.check = text.check if isinstance(text, Fault) else check
        return made

    @property
    def named(self) -> str:
        """The sentence with the name behind it."""
        return f"{self} [{self.check}]"


class Nonconforming(AssertionError):  # noqa: N818 (a finding, and no failure of ours)
    """A component does not keep its contract; the text and `faults` have a sentence for each fault."""

    def __init__(self, title: str, faults: list[Fault]) -> None:
        super().__init__("\n".join([f"{title} does not conform:", *(f"- {fault.named}" for fault in faults)]))
        self.faults: list[str] = [*faults]


def unwaived(properties: Iterable[Property[Subject]], component: Chosen) -> list[Property[Subject]]:
    """The properties that the component's spec does not waive."""
    waived = waived_by(component.spec)
    return [check for check in properties if name_of(check) not in waived]


def waived_by(spec: Spec) -> Mapping[str, str]:
    """The names of checks that a spec waives, each with its reason."""
    return {} if isinstance(spec, Command) else spec.waives


def name_of(check: Callable[..., object]) -> str:
    """The name of a property, by which it is waived."""
    return check.__name__


def found(properties: Iterable[Property[Subject]], subject: Subject) -> list[Fault]:
    """The faults of a subject, in order and without repetition; a property that raises is a fault too.

    What a component prints goes to standard error.
    """
    faults: list[Fault] = []
    for check in properties:
        name = name_of(check)
        try:
            with redirect_stdout(sys.stderr):
                faults.extend(Fault(text, name) for text in check(subject))
        except GantoolError as error:
            faults.append(Fault(str(error), name))
        except (Exception, SystemExit) as error:
            faults.append(Fault(f"it raised an error while this was checked: {_claim(check)} ({cause(error)}).", name))
    return list(dict.fromkeys(faults))


def placed(by_place: Iterable[tuple[str, list[Fault]]]) -> list[Fault]:
    """Faults with the place where each was found; one found at several places is listed once."""
    places: dict[Fault, list[str]] = {}
    for place, faults in by_place:
        for fault in faults:
            places.setdefault(fault, []).append(place)
    more = {fault: f" (and {len(where) - 1} more)" if len(where) > 1 else "" for fault, where in places.items()}
    return [Fault(f"{where[0]}{more[fault]}: {fault}", fault.check) for fault, where in places.items()]


def _claim(check: Callable[..., object]) -> str:
    """The rule of a property, as part of a sentence: "gradients reach every parameter"."""
    claim = (check.__doc__ or check.__name__.replace("_", " ")).strip().partition("\n")[0].rstrip(".")
    return claim[:1].lower() + claim[1:]
