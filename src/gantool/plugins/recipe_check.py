"""A check of a recipe's types and ranges when its plugin is loaded; it needs no other plugin."""

import math
from collections.abc import Callable
from typing import Any

from gantool.api.specs import AUTO, OnCpu, Recipe, ShortRun
from gantool.errors import PluginError, shortened

SCHEDULES = ("constant", "linear", "cosine")
LEFT = ("images", "loss", "penalties")
"""Fields of OnCpu that None leaves to the recipe itself."""
_WIDTH_OF_A_VALUE = 80

Rule = tuple[str, Callable[[Any], bool]]
"""The values that a field takes, in words, and a predicate for them. `RunConfig` has the same limits (a test)."""


def check_recipe(name: str, recipe: Recipe) -> None:
    """Raise PluginError for the first field of this architecture's recipe that no run could take."""
    _check(f"the recipe of architecture {name!r}: ", recipe)


def _check(place: str, part: Recipe | ShortRun | OnCpu) -> None:
    for field, value in vars(part).items():
        takes, fits = RULES[field]
        leaves_it = value is None and isinstance(part, OnCpu) and field in LEFT
        if not leaves_it and not fits(value):
            raise PluginError(f"{place}{field} must be {takes}, not {shortened(repr(value), _WIDTH_OF_A_VALUE)}")
        if isinstance(value, ShortRun | OnCpu):
            _check(f"{place}{field}.", value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_beta(value: Any) -> bool:
    return _is_number(value) and 0 <= value < 1


def _whole(least: int) -> Rule:
    return f"an integer of at least {least}", lambda value: type(value) is int and value >= least


def _kind(wanted: type) -> Rule:
    return f"a gantool.{wanted.__name__}", lambda value: isinstance(value, wanted)


def _or(other: Any, rule: Rule) -> Rule:
    takes, fits = rule
    return f"{takes}, or {other!r}", lambda value: (type(value) is type(other) and value == other) or fits(value)


_TEXT: Rule = "a text", _is_text
_RATE: Rule = "a number above 0", lambda value: _is_number(value) and value > 0
_SHARE: Rule = "a number from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1
_BETA: Rule = "a number of at least 0 and below 1", _is_beta

RULES: dict[str, Rule] = {
    "loss": _TEXT,
    "penalties": (
        "a tuple of texts, such as ('r1',)",
        lambda value: isinstance(value, tuple) and all(map(_is_text, value)),
    ),
    "augment": _or(None, _TEXT),
    "balance": _TEXT,
    "learning_rate": _RATE,
    "learning_rate_g": _or(None, _RATE),
    "learning_rate_d": _or(None, _RATE),
    "lr_schedule": (f"one of {', '.join(SCHEDULES)}", lambda value: _is_text(value) and value in SCHEDULES),
    "lr_end": _SHARE,
    "lr_hold": _SHARE,
    "optimizer": _TEXT,
    "betas": (
        "a tuple of two numbers of at least 0 and below 1",
        lambda value: isinstance(value, tuple) and len(value) == 2 and all(map(_is_beta, value)),
    ),
    "beta2_start": _or(None, _BETA),
    "weight_decay": ("a number of at least 0", lambda value: _is_number(value) and value >= 0),
    "batch": _whole(2),
    "ema": _or(AUTO, _whole(0)),
    "images": _whole(1),
    "short": _or(None, _kind(ShortRun)),
    "on_cpu": _or(None, _kind(OnCpu)),
}
