"""How faults are found and told: a property is a function that yields a sentence for each fault."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from typing import TypeVar

from gantool.errors import GantoolError, cause

Subject = TypeVar("Subject")
Property = Callable[[Subject], Iterator[str]]
"""Its docstring's first line says what holds of everything sound."""


class Nonconforming(AssertionError):  # noqa: N818 (a finding, and no failure of ours)
    """A component does not keep its contract; the text and `faults` have a sentence for each fault."""

    def __init__(self, title: str, faults: list[str]) -> None:
        super().__init__("\n".join([f"{title} does not conform:", *(f"- {fault}" for fault in faults)]))
        self.faults = faults


def found(properties: Iterable[Property[Subject]], subject: Subject) -> list[str]:
    """The faults of a subject, in order, each said once; a property that raises is a fault too.

    What a component prints goes to standard error.
    """
    faults: list[str] = []
    for check in properties:
        try:
            with redirect_stdout(sys.stderr):
                faults.extend(check(subject))
        except GantoolError as error:
            faults.append(str(error))
        except (Exception, SystemExit) as error:
            faults.append(f"it failed when this was tried: {_claim(check)} ({cause(error)}).")
    return list(dict.fromkeys(faults))


def placed(by_place: Iterable[tuple[str, list[str]]]) -> list[str]:
    """Faults with the place where each was found; what was found at several is told once."""
    places: dict[str, list[str]] = {}
    for place, faults in by_place:
        for fault in faults:
            places.setdefault(fault, []).append(place)
    return [f"{where[0]}{_more(len(where) - 1)}: {fault}" for fault, where in places.items()]


def _more(count: int) -> str:
    return f" (and {count} more)" if count else ""


def _claim(check: Callable[..., object]) -> str:
    """What the property claims, for a sentence: "gradients reach every parameter"."""
    claim = (check.__doc__ or check.__name__.replace("_", " ")).strip().partition("\n")[0].rstrip(".")
    return claim[:1].lower() + claim[1:]
