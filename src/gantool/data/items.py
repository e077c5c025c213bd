"""Reading a source item by item, trusting nothing of what it gives."""

from collections.abc import Callable, Iterator
from functools import partial
from numbers import Integral
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.contracts import Source
from gantool.errors import DataError, GantoolError

_AT_ONCE = 256


def read_item(
    source: Source, index: int, name: str, shape: tuple[int, int, int], labels: bool
) -> tuple[UInt8[Tensor, "c h w"], int | None]:
    """`source[index]`, with its label when `labels`; what is not as promised is a DataError naming source and index."""
    where = f"Source {name!r}, image {index}"
    image, label = _asked(lambda: source[index], where)
    return _checked(image, label, where, shape, len(source.class_names) if labels else 0)


def read_items(
    source: Source, name: str, shape: tuple[int, int, int], labels: bool
) -> Iterator[tuple[UInt8[Tensor, "c h w"], int | None]]:
    """All items in order, checked as by `read_item`; by way of `source.batch` where there is one, for speed.

    `batch(start, stop)` gives n pictures `[n, c, h, w]` and n labels, as arrays or tensors.
    """
    batch = getattr(source, "batch", None)
    if not callable(batch):
        for index in range(len(source)):
            yield read_item(source, index, name, shape, labels)
        return
    classes = len(source.class_names) if labels else 0
    for start in range(0, len(source), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(source))
        where = f"Source {name!r}, image {start} to {stop - 1}"
        images, found = _asked(partial(batch, start, stop), where)
        numbers = torch.as_tensor(found).tolist() if labels else [None] * len(images)
        if not len(images) == len(numbers) == stop - start:
            raise DataError(f"{where}: batch({start}, {stop}) gave {len(images)} images and {len(numbers)} labels.")
        for index, (image, label) in enumerate(zip(images, numbers, strict=True), start):
            yield _checked(torch.as_tensor(image), label, f"Source {name!r}, image {index}", shape, classes)


def _asked(get: Callable[[], Any], where: str) -> tuple[Any, Any]:
    try:
        image, label = get()
    except GantoolError:
        raise
    except Exception as error:
        raise DataError(f"{where}: reading it failed with {type(error).__name__}: {error}.") from error
    return image, label


def _checked(
    image: Any, label: Any, where: str, shape: tuple[int, int, int], classes: int
) -> tuple[UInt8[Tensor, "c h w"], int | None]:
    if not isinstance(image, Tensor) or image.dtype != torch.uint8 or tuple(image.shape) != shape:
        raise DataError(f"{where} is {_described(image)}; a uint8 tensor of shape {shape} was asked for.")
    if not classes:
        return image.cpu(), None
    if not isinstance(label, Integral) or not 0 <= int(label) < classes:
        raise DataError(f"{where} has the label {label!r}; there are {classes} classes, counted from 0.")
    return image.cpu(), int(label)


def _described(image: Any) -> str:
    if isinstance(image, Tensor):
        return f"a tensor of {str(image.dtype).removeprefix('torch.')} and shape {tuple(image.shape)}"
    return f"of type {type(image).__name__}"
