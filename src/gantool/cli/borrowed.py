"""Parameters that one command takes from another, so that a flag is declared once."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

GIVEN = "settings"


def with_settings_of(command: Callable[..., None], names: Sequence[str]) -> Callable[..., Callable[..., None]]:
    """A decorator: beside its own, the function takes these parameters of `command`, in one mapping `settings`."""
    theirs = inspect.signature(command).parameters

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = [one for one in inspect.signature(function).parameters.values() if one.name != GIVEN]

        def taking_both(**given: Any) -> None:
            settings = {name: given.pop(name) for name in names}
            function(**given, settings=settings)

        parameters = [*own, *(theirs[name] for name in names)]
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
        taking_both.__name__, taking_both.__doc__ = function.__name__, function.__doc__
        taking_both.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        taking_both.__annotations__ = {one.name: one.annotation for one in parameters}
        return taking_both

    return decorate
