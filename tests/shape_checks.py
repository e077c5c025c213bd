"""What jaxtyping's import hook decorates functions by in tests: the checks of its own decorator, at less cost.

jaxtyping's `jaxtyped` binds the arguments of every call and checks them twice, and beartype writes a new checker for an
inner function each time it is defined: that took as much processor time as all else in a small run. Here beartype alone
checks functions whose annotations name no array; those that name one are called in a scope of their own, in which sizes
of one name must be equal, as in `jaxtyped`; and a checker is written once for each place in the source.
"""

import dataclasses
import functools
import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any, ForwardRef, Literal, get_args, get_origin, get_type_hints

import jaxtyping
from beartype import beartype

_jaxtyped: Callable[..., Any] = jaxtyping.jaxtyped
_scope = _jaxtyped("context")
_FUNCTION = "__beartype_func"  # the argument by which beartype's checkers get the function that they check
_written: dict[types.CodeType, tuple[dict[str, Any], types.FunctionType]] = {}


def use_quick_checks() -> None:
    """Functions that jaxtyping's import hook meets from now on are decorated by `checked`."""
    jaxtyping.jaxtyped = checked


def checked(function: Any = None, *, typechecker: Any) -> Any:
    """As `jaxtyping.jaxtyped` with beartype: arguments, results, and sizes of one name among each other are checked."""
    if function is None:
        return functools.partial(checked, typechecker=typechecker)
    if inspect.isclass(function):
        return _with_checked_fields(function, typechecker)
    if isinstance(function, classmethod | staticmethod):
        return type(function)(checked(function.__func__, typechecker=typechecker))
    if not isinstance(function, types.FunctionType):
        return _jaxtyped(function, typechecker=typechecker)
    annotations = {name: _resolved(one, function) for name, one in function.__annotations__.items()}
    if not any(_is_array(part) for part in _parts(annotations.values())):
        return _checker(function, annotations)
    if inspect.isgeneratorfunction(function):
        return _jaxtyped(function, typechecker=typechecker)  # its sizes are those of the call, not of what is yielded
    return _in_a_scope(_checker(function, annotations))


def _with_checked_fields(declared: type, typechecker: Any) -> type:
    """A class, which checks its fields where it is a dataclass whose `__init__` was made from them."""
    made = vars(declared).get("__init__")
    if dataclasses.is_dataclass(declared) and made is not None and not hasattr(made, "__wrapped__"):
        declared.__init__ = checked(made, typechecker=typechecker)  # type: ignore[misc]
    return declared


def _parts(annotations: Iterable[Any]) -> Iterable[Any]:
    """These annotations and all that they are made of."""
    parts = list(annotations)
    for part in parts:
        if isinstance(part, list):  # the arguments of a Callable
            parts += part
        elif get_origin(part) is not Literal:
            parts += get_args(part)
    return parts


def _resolved(annotation: Any, function: types.FunctionType) -> Any:
    """An annotation without names in quotes; anything where they are imported for type checkers alone."""
    if not any(isinstance(part, str | ForwardRef) for part in _parts([annotation])):
        return annotation
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return get_type_hints(holder, function.__globals__, include_extras=True)["it"]
    except Exception:
        return Any


def _is_array(part: Any) -> bool:
    return inspect.isclass(part) and issubclass(part, jaxtyping.AbstractArray)


def _checker(function: types.FunctionType, annotations: dict[str, Any]) -> Callable[..., Any]:
    if "<locals>" not in function.__qualname__:
        return _written_for(function, annotations)
    before, written = _written.get(function.__code__, (None, None))
    if written is None or before != annotations:
        written = _written_for(function, annotations)
        if _FUNCTION in (written.__kwdefaults__ or {}):
            _written[function.__code__] = annotations, written
        return written
    again = types.FunctionType(written.__code__, written.__globals__, closure=written.__closure__)
    again.__kwdefaults__ = written.__kwdefaults__ | {_FUNCTION: function}
    return functools.update_wrapper(again, function)


def _written_for(function: types.FunctionType, annotations: dict[str, Any]) -> types.FunctionType:
    if annotations == function.__annotations__:
        return beartype(function)
    named = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    functools.update_wrapper(named, function)
    named.__kwdefaults__, named.__annotations__ = function.__kwdefaults__, annotations
    del named.__wrapped__
    return functools.update_wrapper(beartype(named), function)


def _in_a_scope(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def in_a_scope(*args: Any, **kwargs: Any) -> Any:
        with _scope:
            return function(*args, **kwargs)

    return in_a_scope
