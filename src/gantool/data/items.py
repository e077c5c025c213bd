"""Items read from a source one by one, each checked for shape, type and label."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from numbers import Integral
from typing import Any, Literal, TypeVar

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.api.data import Source
from gantool.api.networks import Labels
from gantool.errors import DataError, GantoolError, counted
from gantool.progress import report

_AT_ONCE = 256
Got = TypeVar("Got")

Labelled = bool | Literal["any"]
"""Labels that are wanted: all (True), none (False), or those there are ("any": None for an image without one)."""


def told(source: Source, name: str) -> str:
    """The words for a source in messages, with the plugin that it is from."""
    owner = getattr(source, "component_owner", "")
    return f"Source {name!r} of {owner}" if owner else f"Source {name!r}"


def read_item(
    source: Source, index: int, name: str, shape: tuple[int, int, int], labels: Labelled
) -> tuple[UInt8[Tensor, "c h w"], int | None]:
    """`source[index]`, with a label as `labels` says. Raises DataError that names source and index for a bad item."""
    where = f"{told(source, name)}, image {index}"
    image, label = _reading(lambda: _pair(source[index]), where)
    return _image(image, where, shape), _label(label, where, len(source.class_names), labels)


def gathered(
    source: Source, indices: Sequence[int], name: str, shape: tuple[int, int, int], labels: bool, work: str = ""
) -> tuple[UInt8[Tensor, "n c h w"], Labels]:
    """The images of these indices, and labels if wanted, checked as by `read_item`; by `source.gather` where it can.

    The progress of `work` is reported.
    """
    images: list[Tensor] = []
    numbers: list[int] = []
    for start in range(0, len(indices), _AT_ONCE):
        some = indices[start : start + _AT_ONCE]
        for image, label in _some_items(source, some, name, shape, labels):
            images.append(image)
            numbers += [] if label is None else [label]
        if work:
            report(work, len(images), len(indices))
    return torch.stack(images), torch.tensor(numbers) if labels else None


def _some_items(
    source: Source, indices: Sequence[int], name: str, shape: tuple[int, int, int], labels: Labelled
) -> Iterator[tuple[UInt8[Tensor, "c h w"], int | None]]:
    answer = _reading(lambda: _gather(source, indices), f"{told(source, name)}, image {indices[0]} and others")
    if answer is None:
        yield from (read_item(source, index, name, shape, labels) for index in indices)
        return
    yield from _checked(answer, indices, f"gather({len(indices)} indices)", source, name, shape, labels)


def read_items(
    source: Source, name: str, shape: tuple[int, int, int], labels: Labelled
) -> Iterator[tuple[UInt8[Tensor, "c h w"], int | None]]:
    """All items in order, checked as by `read_item`; read by `source.batch` where that is faster."""
    for start in range(0, len(source), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(source))
        where = f"{told(source, name)}, image {start} to {stop - 1}"
        answer = _reading(partial(_batch, source, start, stop), where)
        if answer is None:
            yield from (read_item(source, index, name, shape, labels) for index in range(start, stop))
            continue
        yield from _checked(answer, range(start, stop), f"batch({start}, {stop})", source, name, shape, labels)


def _checked(
    answer: tuple[Any, Any],
    indices: Sequence[int],
    call: str,
    source: Source,
    name: str,
    shape: tuple[int, int, int],
    labels: Labelled,
) -> Iterator[tuple[UInt8[Tensor, "c h w"], int | None]]:
    """The items of a batch or a gathering, one by one."""
    images, found = answer
    numbers = _listed(found) if labels and found is not None else [None] * len(images)
    if not len(images) == len(numbers) == len(indices):
        where = f"{told(source, name)}, image {indices[0]} to {indices[-1]}"
        raise DataError(f"{where}: {call} gave {counted(len(images), 'image')} and {counted(len(numbers), 'label')}.")
    for index, image, label in zip(indices, images, numbers, strict=True):
        where = f"{told(source, name)}, image {index}"
        yield _image(torch.as_tensor(image), where, shape), _label(label, where, len(source.class_names), labels)


def _listed(labels: Any) -> list[Any]:
    """Labels of a batch as a list of numbers; a batch with a missing label holds None in its place."""
    plain = labels.tolist() if hasattr(labels, "tolist") else labels
    return [label.item() if isinstance(label, Tensor) else label for label in plain]


def _pair(answer: Any) -> tuple[Any, Any]:
    images, labels = answer
    return images, labels


def _batch(source: Source, start: int, stop: int) -> tuple[Any, Any] | None:
    answer = source.batch(start, stop)
    return None if answer is None else _pair(answer)


def _gather(source: Source, indices: Sequence[int]) -> tuple[Any, Any] | None:
    answer = source.gather(indices)
    return None if answer is None else _pair(answer)


def _reading(get: Callable[[], Got], where: str) -> Got:
    try:
        return get()
    except GantoolError:
        raise
    except Exception as error:
        raise DataError(f"{where}: reading it failed with {type(error).__name__}: {error}.") from error


def _image(image: Any, where: str, shape: tuple[int, int, int]) -> UInt8[Tensor, "c h w"]:
    if not isinstance(image, Tensor) or image.dtype != torch.uint8 or tuple(image.shape) != shape:
        raise DataError(f"{where} is {_described(image)}; it must be a uint8 tensor of shape {shape}.")
    return image.cpu()


def _label(label: Any, where: str, classes: int, labels: Labelled) -> int | None:
    if not labels or not classes or (label is None and labels == "any"):
        return None
    if not isinstance(label, Integral) or not 0 <= int(label) < classes:
        raise DataError(f"{where} has the label {label!r}; there are {classes} classes, counted from 0.")
    return int(label)


def _described(image: Any) -> str:
    if isinstance(image, Tensor):
        return f"a tensor of {str(image.dtype).removeprefix('torch.')} and shape {tuple(image.shape)}"
    return f"of type {type(image).__name__}"
