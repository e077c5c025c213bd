"""One tensor of a model for networks of other channels or classes, so that the same latent draws the same picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.pixels import ALPHA_CHANNELS

LUMA = (0.299, 0.587, 0.114)
"""The shares of red, green and blue in grey (ITU-R BT.601), by which pictures are read as grey, too."""
OPAQUE = math.atanh(1 - 1 / 255)
"""Opaque before a tanh, which never reaches 1."""
RELU_MEAN = 1 / math.sqrt(2 * math.pi)
"""The mean of normalised features behind a ReLU."""


@dataclass(frozen=True)
class Change:
    """The numbers of channels and of classes, before and after; one of the two differs at the most.

    A picture may be the sum of several, each of which then has its part of a new alpha. `places` has for each class
    after the number of the one of its name before, None for a new one; it is empty where names are not known.
    """

    channels: tuple[int, int]
    classes: tuple[int, int]
    summed: int = 1
    places: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class Place:
    """The place of a tensor: its layer's, that has outputs and inputs the other way round if `transposed`.

    `biased` is true where the layer has a bias, `bounded` where the pictures of its network end in a tanh.
    """

    transposed: bool = False
    biased: bool = True
    bounded: bool = False


def places_of(class_names: Sequence[str], before: Sequence[str]) -> tuple[int | None, ...]:
    """For each class of a run the number of the model's of its name, None for a new one."""
    known = {name: number for number, name in enumerate(before)}
    return tuple(known.get(name) for name in class_names)


def folded(weight: Tensor, wanted: torch.Size, change: Change, place: Place) -> Tensor | None:
    """The tensor in the shape that is wanted, where that differs by the channels or classes of one side of a layer."""
    odd = [dim for dim, sizes in enumerate(zip(weight.shape, wanted, strict=False)) if sizes[0] != sizes[1]]
    if weight.dim() != len(wanted) or len(odd) != 1:
        return None
    dim = odd[0]
    enters = weight.dim() > 1 and dim == (0 if place.transposed else 1)
    rows = weight.movedim(dim, 0)
    if change.channels[0] != change.channels[1]:
        made = _by_channels(rows, wanted[dim], enters, change, place)
    elif change.classes[0] == change.classes[1]:
        return None
    else:
        made = _by_classes(rows, wanted[dim], enters, change)
    return None if made is None else made.movedim(0, dim).contiguous()


def color_map(before: int, after: int, bounded: bool = False) -> tuple[Float[Tensor, "after before"], Tensor]:
    """A matrix and an offset that turn pixels in [-1, 1] of so many channels into the same of others.

    Without alpha a picture is opaque, before a tanh if it is bounded; one that loses its alpha is laid on black.
    """
    if {before, after} == {1, ALPHA_CHANNELS}:
        first, offset = color_map(before, 3, bounded)
        second, last = color_map(3, after, bounded)
        return second @ first, second @ offset + last
    offset = torch.zeros(after)
    if (before, after) == (3, 1):
        return torch.tensor([LUMA]), offset
    if (before, after) == (1, 3):
        return torch.ones(3, 1), offset
    matrix = torch.eye(after, before)
    if before < after:
        offset[3] = OPAQUE if bounded else 1.0
    return matrix, offset


def _by_channels(rows: Tensor, wanted: int, enters: bool, change: Change, place: Place) -> Tensor | None:
    """Rows by channel, each with as many pixels, and behind them what has no channel."""
    before, after = change.channels
    each, odd = divmod(len(rows) - wanted, before - after)
    others = len(rows) - before * each
    if odd or each < 1 or others < 0 or (others and not enters):
        return None
    matrix, offset = color_map(after, before) if enters else color_map(before, after, place.bounded)
    of_channels = rows[: before * each].reshape(before, each, *rows.shape[1:])
    mixed = torch.einsum("ij,j...->i...", (matrix.T if enters else matrix).to(rows), of_channels)
    if not enters and rows.dim() == 1:
        mixed = mixed + offset.to(rows)[:, None] / change.summed
    elif not enters and place.bounded and not place.biased and after == ALPHA_CHANNELS:
        # A layer without a bias has its constant from features, which no ReLU lets fall below zero.
        mixed[3] = OPAQUE / RELU_MEAN / rows[0].numel()
    return torch.cat([mixed.flatten(0, 1), rows[before * each :]])


def _by_classes(rows: Tensor, wanted: int, enters: bool, change: Change) -> Tensor | None:
    """Rows of which the last belong to classes: new classes begin as the mean of the old ones, without any as zero."""
    before, after = change.classes
    others = len(rows) - before
    if others == wanted - after and others >= 0 and (enters or not others):
        new = rows[others:].mean(dim=0, keepdim=True) if before else torch.zeros_like(rows[:1])
        of_classes = [new if place is None else rows[others + place][None] for place in change.places or [None] * after]
        return torch.cat([rows[:others], *of_classes])
    if not enters or bool(before) == bool(after):
        return None
    more = rows.new_zeros(max(0, wanted - len(rows)), *rows.shape[1:])
    return torch.cat([rows[:wanted], more])
