"""Defaults for classes that were written without gantool's base classes, added where a component is built."""

import importlib
from functools import partial
from types import FunctionType
from typing import Any

from torch import nn

from gantool.api.kinds import KINDS
from gantool.api.part import Part
from gantool.errors import PluginError

SHARED = ("builtins", "functools")
"""Modules of types, such as that of functions, whose other objects are no components."""


def adapt(kind: str, built: Any, name: str, title: str, owner: str = "") -> Any:
    """The component with its name, its owner and every optional attribute of its kind.

    Raises PluginError if they cannot be set. Nothing is wrapped, so its type and the names in its state dict stay.
    """
    place = KINDS[kind].base
    if place is None:
        return built
    module, _, name_of_base = place.partition(":")
    base: type[Part] = getattr(importlib.import_module(f"gantool.api.{module}"), name_of_base)
    named = {"component_name": name, "component_owner": owner}
    for attribute, default in {**_defaults(base, built), **named}.items():
        try:
            object.__setattr__(built, attribute, default)  # which frozen dataclasses allow
        except (AttributeError, TypeError) as error:
            raise PluginError(
                f"{title} cannot be used: it is of type {type(built).__name__}, which takes no further attributes. "
                f"Derive it from gantool.{base.__name__}."
            ) from error
    if kind == "penalty":
        _check_written(base, built, title)
    if type(built).__module__ not in SHARED:
        base.register(type(built))  # for checks of types: it has all that they ask for
    return built


def _check_written(base: type, built: Any, title: str) -> None:
    """Raise PluginError when the method that a penalty's side asks for is missing, or still that of the base class."""
    method = "constrain" if built.side.endswith("weights") else "__call__"
    if not _has_own(method, base, built):
        raise PluginError(
            f"{title} cannot be used: it is of type {type(built).__name__}, acts on the {built.side}, and has no "
            f"{method} of its own. {_remedy(method, base, built)}".rstrip()
        )


def _has_own(method: str, base: type, built: Any) -> bool:
    bound = getattr(built, method, None)
    if vars(base)[method] in (getattr(bound, "__func__", None), getattr(bound, "func", None)):
        return False  # that of the base class, inherited or added here
    if method != "__call__" or not isinstance(built, nn.Module):
        return True
    # A module can always be called, and what that of torch calls is `forward`.
    return type(built).__call__ is not nn.Module.__call__ or type(built).forward is not nn.Module.forward


def _remedy(method: str, base: type, built: Any) -> str:
    """The remedy for a method that is missing: another side, where the method of that one is there."""
    if method == "constrain":
        return "It has a value: set side = 'discriminator' or 'generator'." if _has_own("__call__", base, built) else ""
    if _has_own("constrain", base, built):
        return "It changes weights: set side = 'discriminator weights' or 'generator weights'."
    if isinstance(built, nn.Module) and type(built).forward is not nn.Module.forward:
        return "A module has it from torch: name nn.Module before gantool.Penalty."
    return ""


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
