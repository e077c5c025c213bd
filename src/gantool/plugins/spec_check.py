"""A check of a spec when its plugin is loaded."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from gantool.api import specs
from gantool.api.kinds import KINDS
from gantool.api.specs import TRAITS, Architecture, Command, Component, Options, Recipe, Spec
from gantool.errors import PluginError, did_you_mean
from gantool.plugins.option_types import writable
from gantool.plugins.recipe_check import check_recipe

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_PLACE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def check_spec(kind: str, spec: object) -> None:
    """Raise PluginError, with the spec and what is wrong with it, unless it is a sound spec of this kind."""
    wanted: type[Spec] = getattr(specs, KINDS[kind].spec)
    if not isinstance(spec, wanted):
        raise PluginError(f"a spec of kind {kind} must be a gantool.{wanted.__name__}, not {_type_name(spec)}")
    if not isinstance(spec.name, str) or not _NAME.fullmatch(spec.name):
        raise PluginError(f"{spec.name!r} cannot name a {kind}: use lower-case letters, digits, '-' and '_'")
    if spec.name in ("none", "auto"):
        raise PluginError(f"no component can be called {spec.name!r}, which has a meaning of its own in flags")
    if not isinstance(spec.summary, str) or not spec.summary.strip() or "\n" in spec.summary:
        raise PluginError(f"{kind} {spec.name!r} needs a summary of one line")
    if isinstance(spec, Command):
        _check_place(kind, spec.name, "function", spec.function)
        return
    if not isinstance(spec.options, type) or not issubclass(spec.options, Options):
        raise PluginError(f"the options of {kind} {spec.name!r} must be a subclass of gantool.Options")
    _check_place(kind, spec.name, "factory", spec.factory)
    for name in ("natural", "files") if isinstance(spec, Component) else ():
        if (place := getattr(spec, name)) is not None:
            _check_place(kind, spec.name, name, place)
    if isinstance(spec, Component):
        _check_images(kind, spec)
        _check_traits(kind, spec)
        _check_goes_with(kind, spec)
    if not isinstance(spec.about, str):
        raise PluginError(f"about of {kind} {spec.name!r} must be a text")
    _check_waives(kind, spec)
    if spec.settle is not None:
        _check_place(kind, spec.name, "settle", spec.settle)
        if kind in ("extractor", "style-loss", "style-network", "metric"):
            raise PluginError(
                f"{kind} {spec.name!r} names a settle function, which is called when a run begins, and it has no part "
                "in runs; let its factory resolve options at 'auto'"
            )
    if isinstance(spec, Architecture):
        _check_architecture(spec)
    _check_options(kind, spec.name, spec.options)


def _type_name(spec: object) -> str:
    return spec.__name__ if isinstance(spec, type) else type(spec).__name__


def _check_place(kind: str, name: str, what: str, place: Any) -> None:
    if not isinstance(place, str) or not _PLACE.fullmatch(place):
        raise PluginError(f"the {what} of {kind} {name!r} must be 'module:callable', not {place!r}")


def _check_images(kind: str, spec: Component) -> None:
    if spec.images is not None and (type(spec.images) is not int or spec.images < 1):
        raise PluginError(
            f"the images of {kind} {spec.name!r} must be an integer of at least 1, or None, not {spec.images!r}"
        )


def _check_traits(kind: str, spec: Component) -> None:
    if not isinstance(spec.traits, tuple) or not all(trait in TRAITS for trait in spec.traits):
        given = spec.traits if isinstance(spec.traits, tuple) else ()
        near = [did_you_mean(trait, TRAITS) for trait in given if isinstance(trait, str) and trait not in TRAITS]
        raise PluginError(
            f"the traits of {kind} {spec.name!r} must be a tuple of these: {', '.join(TRAITS)}; not {spec.traits!r}."
            f"{next(filter(None, near), '')}"
        )


def _check_goes_with(kind: str, spec: Component) -> None:
    if not isinstance(spec.goes_with, tuple) or not all(isinstance(name, str) and name for name in spec.goes_with):
        raise PluginError(
            f"goes_with of {kind} {spec.name!r} must be a tuple of names of architectures, not {spec.goes_with!r}"
        )


def _check_waives(kind: str, spec: Component | Architecture) -> None:
    sound = isinstance(spec.waives, Mapping) and all(
        isinstance(text, str) and text.strip() and "\n" not in text for pair in spec.waives.items() for text in pair
    )
    if not sound:
        raise PluginError(
            f"waives of {kind} {spec.name!r} must be a mapping from names of checks to the reason for each, in one "
            f"line; not {spec.waives!r}"
        )


def _check_architecture(spec: Architecture) -> None:
    if not isinstance(spec.learns_by, str):
        raise PluginError(f"learns_by of architecture {spec.name!r} must be the name of an extractor, or empty")
    if not isinstance(spec.recipe, Recipe):
        raise PluginError(f"the recipe of architecture {spec.name!r} must be a gantool.Recipe")
    check_recipe(spec.name, spec.recipe)
    if not isinstance(spec.resolutions, tuple) or not all(isinstance(n, int) and n > 0 for n in spec.resolutions):
        raise PluginError(f"the resolutions of architecture {spec.name!r} must be a tuple of positive integers")


def _told(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)


def _check_options(kind: str, name: str, options: type[Options]) -> None:
    for option, info in options.model_fields.items():
        if not writable(info.annotation):
            raise PluginError(
                f"option {option!r} of {kind} {name!r} has the type {_told(info.annotation)}, which cannot be written "
                "in NAME:key=value; use bool, int, float, str, Path, Literal, a tuple of these, or one of them or None"
            )
    try:
        options()
    except TypeError as error:  # pydantic's own, for a limit that a text cannot be compared with
        odd = [key for key, info in options.model_fields.items() if isinstance(info.default, str) and _limited(info)]
        if not odd:
            raise
        raise PluginError(
            f"the limits of option {odd[0]!r} of {kind} {name!r} cannot hold for its default "
            f"{options.model_fields[odd[0]].default!r}: move them from gantool.option to the number's own type, as in "
            "Annotated[int, Field(ge=1)] | Literal['auto'], with Field of pydantic"
        ) from error
    except ValidationError as error:
        for problem in error.errors():
            if problem["type"] != "missing":  # an option may have no default
                where = ".".join(map(str, problem["loc"]))
                raise PluginError(
                    f"the default of option {where!r} of {kind} {name!r} is wrong: {problem['msg']}"
                ) from error


def _limited(info: FieldInfo) -> bool:
    """True if limits of numbers hold for all types of an option."""
    return any(hasattr(each, limit) for each in info.metadata for limit in ("ge", "gt", "le", "lt"))
