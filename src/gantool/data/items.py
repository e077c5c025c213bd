"""Reading a source item by item, trusting nothing of what it gives."""

from numbers import Integral
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.contracts import Source
from gantool.errors import DataError, GantoolError


def read_item(
    source: Source, index: int, name: str, shape: tuple[int, int, int], labels: bool
) -> tuple[UInt8[Tensor, "c h w"], int | None]:
    """`source[index]`, with its label when `labels`; what is not as promised is a DataError naming source and index."""
    where = f"Source {name!r}, image {index}"
    image: Any  # a promise of strangers
    label: Any
    try:
        image, label = source[index]
    except GantoolError:
        raise
    except Exception as error:
        raise DataError(f"{where}: reading it failed with {type(error).__name__}: {error}.") from error
    if not isinstance(image, Tensor) or image.dtype != torch.uint8 or tuple(image.shape) != shape:
        raise DataError(f"{where} is {_described(image)}; a uint8 tensor of shape {shape} was asked for.")
    if not labels:
        return image.cpu(), None
    if not isinstance(label, Integral) or not 0 <= int(label) < len(source.class_names):
        raise DataError(
            f"{where} has the label {label!r}; there are {len(source.class_names)} classes, counted from 0."
        )
    return image.cpu(), int(label)


def _described(image: Any) -> str:
    if isinstance(image, Tensor):
        return f"a tensor of {str(image.dtype).removeprefix('torch.')} and shape {tuple(image.shape)}"
    return f"of type {type(image).__name__}"
