"""A check, before a run begins, that a built component keeps the contract of its kind.

It reads attributes, and the size of a source, so it needs no torch. Optional attributes may be absent: `plugins.adapt`
adds them afterwards. Methods that take tensors are tried by
`engine.contract_check` and `engine.trial`.
"""

import inspect
import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from gantool.api.kinds import KINDS, Calls
from gantool.errors import GantoolError, PluginError, cause

_FORMS: Mapping[str, Calls] = {
    "generator penalty": {"__call__": ("network", "z", "labels")},
    "constraint": {"constrain": ("network",)},
}
"""The methods of the two other forms of a penalty."""
SIDES = {
    "discriminator": "penalty",
    "generator": "generator penalty",
    "discriminator weights": "constraint",
    "generator weights": "constraint",
}
"""The side of a penalty, to its form."""


USES = ("features", "images")
BETTER = ("lower", "higher", "near")


def check_built(kind: str, built: Any, title: str) -> None:
    """Raise PluginError that says what `title` lacks, unless it keeps the contract of its kind."""
    if kind == "penalty":
        _check_side(built, title)
    form = _form(kind, built)
    calls = _calls(form)
    if calls and (built is None or isinstance(built, type)):
        what = "nothing" if built is None else f"the class {built.__name__}, not an instance of it"
        raise PluginError(f"{title} cannot be used: its factory returned {what}. {_needs(form)}")
    thing = f"{title} cannot be used: it is of type {type(built).__name__}"
    lacks = [name for name in calls if not _has(built, name)]
    if lacks:
        words = "cannot be called" if lacks == ["__call__"] else f"has no {' and no '.join(lacks)}"
        raise PluginError(f"{thing} and {words}. {_needs(form)}")
    optional = {name: given for name, given in KINDS[kind].optional.items() if hasattr(built, name)}
    for name, arguments in {**calls, **optional}.items():
        if not _takes(built if name == "__call__" else getattr(built, name), arguments):
            raise PluginError(f"{thing} and does not take these arguments: {_written(form, name, arguments)}.")
    if form == "constraint" and not hasattr(built, "side") and _has(built, "__call__"):
        raise PluginError(
            f"{thing} and has both constrain and __call__: a constraint has no value. Make two components of it."
        )
    if kind == "loss":
        _check_boundary(built, title)
    if kind == "penalty" and form != "constraint":
        _check_penalty(built, title)
    if kind == "extractor" and hasattr(built, "style_loss") and not isinstance(built.style_loss, str):
        raise PluginError(
            f"{thing} and has style_loss {built.style_loss!r:.80}. It may be left out, or is a text as --style-loss "
            "takes it, such as 'gram'."
        )
    if kind == "metric":
        _check_metric(built, thing)
    if kind == "style-network":
        _check_sides(built, thing)
    if kind == "source":
        _check_size(built, thing)
        _check_class_names(built, thing)
        _check_skipped(built, thing)


def _form(kind: str, built: Any) -> str:
    """The form of a component: only penalties have more than one."""
    if kind != "penalty" or built is None or isinstance(built, type):
        return kind
    if not hasattr(built, "side"):
        return "constraint" if hasattr(built, "constrain") else kind
    return SIDES[built.side]


def _calls(form: str) -> Calls:
    return _FORMS[form] if form in _FORMS else KINDS[form].calls


def _check_side(built: Any, title: str) -> None:
    """Before its methods, whose arguments depend on the side."""
    if isinstance(built, type) or not hasattr(built, "side"):
        return
    if not isinstance(built.side, str) or built.side not in SIDES:
        raise PluginError(f"{title} cannot be used: its side must be {', '.join(SIDES)}, not {built.side!r}.")


def _check_boundary(built: Any, title: str) -> None:
    boundary = getattr(built, "boundary", None)
    if boundary is None:
        return
    if isinstance(boundary, bool) or not isinstance(boundary, Real) or not math.isfinite(boundary):
        raise PluginError(
            f"{title} cannot be used: its boundary must be a finite number or None, not {boundary!r:.80}."
        )


def _check_penalty(built: Any, title: str) -> None:
    """Its numbers; those that it lacks are added by `plugins.adapt`."""
    if hasattr(built, "weight"):
        weight = built.weight
        if isinstance(weight, bool) or not isinstance(weight, Real) or not math.isfinite(weight):
            raise PluginError(f"{title} cannot be used: its weight must be a finite number, not {weight!r}.")
    if hasattr(built, "every"):
        every = built.every
        if isinstance(every, bool) or not isinstance(every, Integral) or every < 1:
            raise PluginError(f"{title} cannot be used: its every must be an integer, at least 1, not {every!r}.")


def _check_metric(built: Any, thing: str) -> None:
    """What it compares, and which of its values are better; what it lacks is added by `plugins.adapt`."""
    if (uses := getattr(built, "uses", "features")) not in USES:
        raise PluginError(f"{thing} and has uses {uses!r:.80}. It may be left out, or is one of {', '.join(USES)}.")
    better = getattr(built, "better", {})
    if not isinstance(better, Mapping) or not all(each in BETTER for each in better.values()):
        raise PluginError(
            f"{thing} and has better {better!r:.80}. It may be left out, or is a table from names of values to one of "
            f"{', '.join(BETTER)}."
        )


def _check_sides(built: Any, thing: str) -> None:
    """The numbers of a style network; those that it lacks are added by `plugins.adapt`."""
    for name in ("stride", "least_side"):
        side = getattr(built, name, 1)
        if isinstance(side, bool) or not isinstance(side, Integral) or side < 1:
            raise PluginError(f"{thing} and has {name} {side!r:.80}. It may be left out, or is an integer, at least 1.")
    taken = getattr(built, "bytes_per_pixel", 0)
    if isinstance(taken, bool) or not isinstance(taken, Real) or not 0 <= float(taken) < math.inf:
        raise PluginError(f"{thing} and has bytes_per_pixel {taken!r:.80}. It may be left out, or is 0 or more.")


def _check_size(built: Any, thing: str) -> None:
    try:
        len(built)
    except (GantoolError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{thing} and its __len__ fails ({cause(error)}). A source must say how many images there are: "
            "an integer, 0 or more."
        ) from error


def _check_class_names(built: Any, thing: str) -> None:
    if not hasattr(built, "class_names"):
        return
    names = built.class_names
    if isinstance(names, str) or not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise PluginError(
            f"{thing} and has class_names {names!r:.80}. They may be left out, or are a sequence of texts, empty "
            "without labels."
        )


def _check_skipped(built: Any, thing: str) -> None:
    if not hasattr(built, "skipped"):
        return
    skipped = built.skipped
    listed = isinstance(skipped, Sequence) and all(hasattr(one, "path") and hasattr(one, "reason") for one in skipped)
    if not listed:
        raise PluginError(
            f"{thing} and has skipped {skipped!r:.80}. It may be left out, or is a sequence of gantool.Skipped."
        )


def _has(built: object, name: str) -> bool:
    """True if the method is there; Python looks up special methods on the class alone."""
    if name.startswith("__"):
        return any(name in vars(each) for each in type(built).__mro__)
    return callable(getattr(built, name, None))


def _takes(function: object, arguments: Sequence[str]) -> bool:
    """True if it can be called with this many positional arguments, or if Python cannot tell."""
    if not callable(function):
        return False
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some that are written in C
        return True
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def _needs(kind: str) -> str:
    article = "An" if kind[0] in "aeiou" else "A"
    return f"{article} {kind} needs {' and '.join(_written(kind, *call) for call in _calls(kind).items())}."


def _written(kind: str, name: str, arguments: Sequence[str]) -> str:
    """The call as one would write it: `generator(real_logits, fake_logits)`, `penalty(network, real, fake, labels)`."""
    return f"{kind.split()[-1] if name == '__call__' else name}({', '.join(arguments)})"
