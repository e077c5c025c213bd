"""Arguments of a command as one value: declared as the fields of a dataclass, in Typer's style."""

import inspect
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def takes(declared: type[T]) -> Callable[[Callable[[T], None]], Callable[..., None]]:
    """A decorator: the command has the fields of the dataclass as parameters, and the function gets them as one."""

    def decorate(function: Callable[[T], None]) -> Callable[..., None]:
        def taking(**given: object) -> None:
            function(declared(**given))

        signature = inspect.signature(declared)
        taking.__name__, taking.__doc__ = function.__name__, function.__doc__
        taking.__signature__ = signature.replace(return_annotation=None)  # type: ignore[attr-defined]
        taking.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
        return taking

    return decorate
