"""The border at which a class that was written without gantool's base classes gets their defaults."""

from collections.abc import Iterator
from functools import partial
from types import FunctionType
from typing import Any

from gantool.api import contracts
from gantool.errors import PluginError


def adapt(kind: str, built: Any, name: str, title: str) -> Any:
    """The component, with its name and every optional attribute of its kind. Raises PluginError if it takes none.

    Nothing is wrapped, so that what it is and what its state is called stay as they are.
    """
    base = vars(contracts).get(kind.capitalize())
    if base is None:  # architectures and commands
        return built
    for attribute, default in [("component_name", name), *_missing(base, built)]:
        try:
            object.__setattr__(built, attribute, default)  # which frozen dataclasses allow
        except (AttributeError, TypeError) as error:
            raise PluginError(
                f"{title} cannot be used: it is of type {type(built).__name__}, which takes no further attributes. "
                f"Derive it from gantool.{base.__name__}."
            ) from error
    base.register(type(built))  # for checks of types: it has all that they ask for
    return built


def _missing(base: type, built: object) -> Iterator[tuple[str, Any]]:
    """The attributes that a class of its own lacks, with their defaults."""
    if not hasattr(built, "side") and hasattr(built, "constrain"):
        yield "side", "discriminator weights"
    for each in base.__mro__[:-2]:  # without ABC and object
        for attribute, default in vars(each).items():
            if not attribute.startswith("_") and not hasattr(built, attribute):
                # No default looks at the component itself.
                yield attribute, partial(default, None) if isinstance(default, FunctionType) else default
