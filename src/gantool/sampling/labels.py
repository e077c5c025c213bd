"""Classes of a conditional model, chosen by name, by index or by the seeds."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

from gantool.api.networks import Labels
from gantool.arguments import type_checked
from gantool.errors import OptionError, UnknownNameError, UsageError, counted, did_you_mean, shortened

P = ParamSpec("P")
R = TypeVar("R")
LabelChoice = str | int | Sequence[str | int] | None
"""A class by name or index, for all pictures or one for each; None leaves the choice to the seeds."""


def takes_labels(method: Callable[P, R]) -> Callable[P, R]:
    """A decorator of methods with `labels`: `label` is refused in a sentence, and so are wrong types."""
    checked = type_checked(method)

    @wraps(method)
    def called(*given: P.args, **named: P.kwargs) -> R:
        if "label" in named:
            raise UsageError(
                f"{method.__name__} takes labels=, one class for all pictures or one for each; not label=."
            )
        return checked(*given, **named)

    return called


def choose_labels(names: Sequence[str], seeds: Sequence[int], labels: LabelChoice, architecture: str) -> Labels:
    """Class indices `[n]` for n seeds; None for a model without labels, which has no names of classes."""
    if not names:
        if labels is not None:
            raise UsageError(f"A label was given, but this {architecture} was trained without labels.")
        return None
    if labels is None:
        return torch.tensor([seed % len(names) for seed in seeds], dtype=torch.int64)
    if isinstance(labels, str | int):
        return torch.full((len(seeds),), _index(labels, names), dtype=torch.int64)
    if len(labels) != len(seeds):
        given = f"{counted(len(labels), 'label')} for {counted(len(seeds), 'picture')}"
        raise OptionError(f"{given}: give one label, or one for each.")
    return torch.tensor([_index(label, names) for label in labels], dtype=torch.int64)


def _index(label: str | int, names: Sequence[str]) -> int:
    if isinstance(label, str):
        if label in names:
            return names.index(label)
        if not label.isdecimal() or len(label) > 9:
            shown = shortened(label, 40)
            raise UnknownNameError(f"No class {shown!r}.{did_you_mean(shown, names)} The classes: {listed(names)}.")
        label = int(label)
    if not 0 <= label < len(names):
        raise OptionError(f"No class {label}: they go from 0 to {len(names) - 1} ({listed(names)}).")
    return label


def listed(names: Sequence[str]) -> str:
    """The names of classes in a sentence, the first twelve of many."""
    return ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
