"""Arguments of public functions, checked against their annotations: a wrong type is told in a sentence."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from functools import cache, wraps
from inspect import Signature, signature
from operator import index
from os import PathLike, fspath
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from gantool.errors import OptionError, shortened

P = ParamSpec("P")
R = TypeVar("R")

_WORDS = {
    NoneType: "None", bool: "True or False", int: "an integer", float: "a number", str: "text", Path: "a path",
    Callable: "a function",
}  # fmt: skip
_MANY = {int: "integers", float: "numbers", str: "texts", Path: "paths", Callable: "functions"}
_GIVEN_BY = {
    "Model": "gantool.load", "RunConfig": "gantool.configure", "Directions": "gantool.find_directions",
    "ImageShape": "gantool.ImageShape(64)",
}  # fmt: skip
_SHOWN = 60


class _UnfitError(Exception):
    """The value is of another type."""


def type_checked(function: Callable[P, R]) -> Callable[P, R]:
    """A decorator: an argument that does not fit its annotation raises OptionError, which says what it takes.

    Numbers of numpy and torch become Python's. What is neither number, text, path, tensor, function, class nor a
    collection of them is not looked at.
    """

    @wraps(function)
    def called(*given: P.args, **named: P.kwargs) -> R:
        parameters, hints = _declared(function)
        try:
            bound = parameters.bind(*given, **named)
        except TypeError:  # too many, too few, or an unknown name: Python says so itself
            return function(*given, **named)
        for name, value in bound.arguments.items():
            if name in hints:
                try:
                    bound.arguments[name] = _fitting(value, hints[name])
                except _UnfitError as error:
                    raise OptionError(
                        f"gantool.{function.__qualname__}: {name} takes {_words(hints[name])}, "
                        f"not {_shown(value)}.{_remedy(name, value, hints[name])}"
                    ) from error
        return function(*bound.args, **bound.kwargs)

    return called


@cache
def _declared(function: Callable[..., Any]) -> tuple[Signature, Mapping[str, Any]]:
    """The parameters, and the annotations of those that are one value each."""
    parameters, hints = signature(function), get_type_hints(function)
    single = [
        one.name for one in parameters.parameters.values() if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
    ]
    return parameters, {name: hints[name] for name in single if name in hints}


def _members(hint: Any) -> Sequence[Any]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _fitting(value: Any, hint: Any) -> Any:
    """The value as the annotation has it. Raises _UnfitError."""
    members = _members(hint)
    if type(value) in members:
        return value
    for member in members:
        try:
            return _of_member(value, member)
        except _UnfitError:
            continue
    raise _UnfitError


def _of_member(value: Any, hint: Any) -> Any:
    origin, items = get_origin(hint) or hint, get_args(hint)
    if origin is Any:
        return value
    if origin is int:
        return _integer(value)
    if origin is float:
        return _number(value)
    if origin is bool:
        return _boolean(value)
    if origin is Path:
        return Path(_kept(value, isinstance(value, str | PathLike) and isinstance(fspath(value), str)))
    if origin is tuple and Ellipsis not in items:
        _kept(value, isinstance(value, tuple) and len(value) == len(items))
        return tuple(map(_fitting, value, items))
    if origin is Mapping:
        _kept(value, isinstance(value, Mapping))
        return {_fitting(key, items[0]): _fitting(each, items[1]) for key, each in value.items()}
    if origin is Sequence:
        return _sequence(value, items[0])
    if origin is Callable:
        return _kept(value, callable(value))
    kind = getattr(hint, "array_type", origin)  # of an annotation with a tensor's shape
    return _kept(value, isinstance(value, kind)) if isinstance(kind, type) else value


def _kept(value: Any, fits: bool) -> Any:
    if not fits:
        raise _UnfitError
    return value


def _boolean(value: Any) -> bool:
    try:
        one = value.item() if hasattr(value, "item") else value  # of numpy and torch
    except (ValueError, RuntimeError):  # of many
        one = None
    return bool(_kept(one, isinstance(one, bool)))


def _integer(value: Any) -> int:
    try:
        return int(index(value))  # torch takes no True for a seed
    except TypeError as error:
        raise _UnfitError from error


def _number(value: Any) -> int | float:
    if isinstance(value, int | float):
        return value
    try:
        return float(_kept(value, not isinstance(value, str | bytes)))
    except (TypeError, ValueError, RuntimeError) as error:  # the last of a tensor of many
        raise _UnfitError from error


def _sequence(value: Any, hint: Any) -> Any:
    """A range stays one; anything else that has a length and items becomes a list unless it is a sequence that fits."""
    countable = (
        isinstance(value, Sized) and isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    )
    _kept(value, countable)
    if isinstance(value, range) and hint is int:
        return value
    try:
        fitting = [_fitting(each, hint) for each in value]
    except TypeError as error:  # a tensor of no dimension has a length that fails
        raise _UnfitError from error
    same = isinstance(value, Sequence) and all(one is other for one, other in zip(value, fitting, strict=True))
    return value if same else fitting


def _words(hint: Any) -> str:
    """What an annotation takes: "a path or text", "a sequence of integers or None"."""
    return " or ".join(dict.fromkeys(map(_word, _members(hint))))


def _word(hint: Any) -> str:
    origin, items = get_origin(hint) or hint, get_args(hint)
    if origin is Sequence:
        return f"a sequence of {_several(items[0])}"
    if origin is Mapping:
        return f"a dictionary of {_several(items[0])} to {_several(items[1])}"
    if origin is tuple:
        return f"a tuple of {len(items)} {_several(items[0])}"
    if hasattr(hint, "array_type"):
        return f"a {hint.array_type.__name__}"
    word = _WORDS.get(origin)
    name = getattr(origin, "__name__", str(origin))
    given = f" (by {_GIVEN_BY[name]})" if name in _GIVEN_BY else ""
    return word or f"{'an' if name[0] in 'AEIOU' else 'a'} {name}{given}"


def _several(hint: Any) -> str:
    return " or ".join(dict.fromkeys(_MANY.get(get_origin(each) or each, _word(each)) for each in _members(hint)))


def _shown(value: Any) -> str:
    return "None" if value is None else f"{shortened(' '.join(repr(value).split()), _SHOWN)} ({type(value).__name__})"


def _remedy(name: str, value: Any, hint: Any) -> str:
    """What to give instead, where the value tells what was meant."""
    members = _members(hint)
    if type(value).__name__ == "Model" and Path in members:
        return " Give the run or file that it was loaded from."
    if isinstance(value, Mapping):
        return " Give its items by name: gantool.configure(**...)." if name == "config" else ""
    if any(hasattr(each, "array_type") for each in members) and hasattr(value, "__len__"):
        return f" Give {name}=torch.as_tensor(...)."
    items = [get_args(each)[0] for each in members if get_origin(each) is Sequence]
    return _remedy_of_items(name, value, items[0]) if items else ""


def _remedy_of_items(name: str, value: Any, item: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str | Sized):
        return f" Give {name}=list(...)."
    if item is int:
        one = _integer(value) if hasattr(value, "__index__") and not isinstance(value, Sized) else 4
        return f" Give {name}=[{one}] for one, or {name}=range({one}) for the first {one}."
    try:
        _fitting(value, item)
    except _UnfitError:
        return ""
    return f" Give {name}=[{shortened(repr(value), _SHOWN)}]."
