"""Defaults for classes that were written without gantool's base classes, added where a component is built."""

import importlib
from functools import partial
from types import FunctionType
from typing import Any

from gantool.api.kinds import KINDS
from gantool.api.part import Part
from gantool.errors import PluginError


def adapt(kind: str, built: Any, name: str, title: str) -> Any:
    """The component with its name and every optional attribute of its kind. Raises PluginError if they cannot be set.

    Nothing is wrapped, so its type and the names in its state dict stay.
    """
    place = KINDS[kind].base
    if place is None:
        return built
    module, _, name_of_base = place.partition(":")
    base: type[Part] = getattr(importlib.import_module(f"gantool.api.{module}"), name_of_base)
    for attribute, default in {**_defaults(base, built), "component_name": name}.items():
        try:
            object.__setattr__(built, attribute, default)  # which frozen dataclasses allow
        except (AttributeError, TypeError) as error:
            raise PluginError(
                f"{title} cannot be used: it is of type {type(built).__name__}, which takes no further attributes. "
                f"Derive it from gantool.{base.__name__}."
            ) from error
    if kind == "penalty":
        _check_written(base, built, title)
    base.register(type(built))  # for checks of types: it has all that they ask for
    return built


def _check_written(base: type, built: Any, title: str) -> None:
    """Raise PluginError when the method that a penalty's side asks for is still that of the base class."""
    method = "constrain" if built.side.endswith("weights") else "__call__"
    if getattr(getattr(built, method, None), "__func__", None) is vars(base)[method]:
        remedy = "A module has it from torch: name nn.Module before gantool.Penalty." if method == "__call__" else ""
        raise PluginError(
            f"{title} cannot be used: it is of type {type(built).__name__}, acts on the {built.side}, and has no "
            f"{method} of its own. {remedy}".rstrip()
        )


def _defaults(base: type, built: object) -> dict[str, Any]:
    """The optional attributes that a class lacks; none of them reads the component itself."""
    optional = {name: value for each in base.__mro__ for name, value in vars(each).items() if not name.startswith("_")}
    if hasattr(built, "constrain"):
        optional["side"] = "discriminator weights"
    return {
        name: partial(value, None) if isinstance(value, FunctionType) else value
        for name, value in optional.items()
        if not hasattr(built, name)
    }
