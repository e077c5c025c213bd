"""The classes of a model and of the data, brought together by their names, and labels for samples."""

from collections.abc import Sequence

import torch
from jaxtyping import Int64
from torch import Tensor

from gantool.errors import UsageError
from gantool.sampling.labels import listed
from gantool.sampling.model import Model


def in_terms_of(
    model: Sequence[str], data: Sequence[str], labels: Int64[Tensor, "n"] | None
) -> Int64[Tensor, "n"] | None:
    """The data's labels by the model's numbers; classes that the model lacks come after its own.

    None where either has no classes, or they have none in common.
    """
    if labels is None or not set(model) & set(data):
        return None
    names = [*model, *(name for name in data if name not in set(model))]
    number = {name: place for place, name in enumerate(names)}
    return torch.tensor([number[name] for name in data], dtype=torch.int64)[labels]


def drawn_like(labels: Int64[Tensor, "m"] | None, classes: int, n: int, seed: int) -> Int64[Tensor, "n"] | None:
    """Classes for n samples, with the frequencies of these labels; those of more samples begin with the same.

    None leaves the choice to the seeds: where there are no classes, or no label is one of them.
    """
    if not classes or labels is None or not bool((labels < classes).any()):
        return None
    counts = torch.bincount(labels[labels < classes], minlength=classes).double()
    shares = (counts / counts.sum()).cumsum(0)
    chance = torch.rand(n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    last = int(counts.nonzero().max())
    return torch.searchsorted(shares, chance, right=True).clamp(max=last)


def check_in_data(named: Sequence[str], data: Sequence[str]) -> None:
    """Raise UsageError where the data lacks a class that was named."""
    lacking = [name for name in named if name not in data]
    if lacking:
        has = f"its classes are {listed(data)}" if data else "it has no classes"
        raise UsageError(f"The data has no pictures of {listed(lacking)} to measure samples against: {has}.")


def asked_for(model: Model, wanted: Sequence[str | int] | None) -> list[int]:
    """The numbers of the classes that are measured by themselves; None is all. Raises UsageError and its kin."""
    if wanted is None and not model.class_names:
        raise UsageError("Classes were asked for, but this model was trained without labels.")
    if wanted is None:
        return [*range(len(model.class_names))]
    chosen = [model.choose_labels([0], one) for one in wanted]
    return [*dict.fromkeys(int(label[0]) for label in chosen if label is not None)]
