"""Convolutions on the CPU in another order than written, for speed: those of small maps as matrix products."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gantool.api.rearranging import rearranging
from gantool.engine.products import Convolved, Spread

SMALL = 16
"""Positions of a map up to which products are faster. (At 4x4, 2 to 4 times in bf16 with AMX, 1.3 times in float32.)"""
DTYPES = (torch.float32, torch.bfloat16)


class _Rearranged(TorchFunctionMode):
    """Takes the place of torch's convolutions where products are faster."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        way = _WAYS.get(func)
        result = None if way is None else way(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {})) if result is None else result


@contextmanager
def rearranged() -> Iterator[None]:
    """Compute convolutions in the faster order inside the block."""
    with rearranging(), _Rearranged():
        yield


def _conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor | None:  # fmt: skip
    """The convolution as products, or None where torch's own is to do it."""
    step, around = _number(stride), _number(padding)
    if step is None or around is None or not _fits(input, weight, step, around, dilation, groups):
        return None
    rows, columns = ((side + 2 * around - weight.shape[-1]) // step + 1 for side in input.shape[-2:])
    if min(rows, columns) < 1 or rows * columns > SMALL:
        return None
    return _biased(Convolved.apply(*_cast(input, weight), step, around), bias)


def _conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor | None:  # fmt: skip
    """The transposed convolution as products, or None."""
    step, around = _number(stride), _number(padding)
    if step is None or around is None or not _fits(input, weight, step, around, dilation, groups):
        return None
    if input.shape[-2:].numel() > SMALL or _number(output_padding) != 0:
        return None
    return _biased(Spread.apply(*_cast(input, weight), step, around), bias)


_WAYS: Mapping[Any, Callable[..., Tensor | None]] = {torch.conv2d: _conv2d, torch.conv_transpose2d: _conv_transpose2d}


def _fits(x: Tensor, weight: Tensor, stride: int, padding: int, dilation: Any, groups: int) -> bool:
    """True for a plain convolution on the CPU by a square kernel of more than one pixel, which covers all."""
    height, width = weight.shape[-2:]
    return (
        x.dim() == 4
        and len(x) > 0
        and x.device.type == "cpu"
        and x.dtype in DTYPES
        and (x.dtype == weight.dtype or torch.is_autocast_enabled("cpu"))
        and height == width > 1
        and stride <= height > padding
        and groups == 1
        and _number(dilation) == 1
        and not _is_transformed()
    )


def _is_transformed() -> bool:
    """True where what is called is compiled, or transformed as by `torch.func`, for which products have no rules."""
    return (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or torch.autograd.forward_ad._current_level >= 0
    )


def _number(value: Any) -> int | None:
    """The value of both axes; None where they differ, or it is a word."""
    if isinstance(value, int):
        return value
    values = set(value) if isinstance(value, tuple | list) else set()
    return values.pop() if len(values) == 1 else None


def _cast(x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Both as autocast would have them for torch's own."""
    if not torch.is_autocast_enabled("cpu"):
        return x, weight
    dtype = torch.get_autocast_dtype("cpu")
    return x.to(dtype), weight.to(dtype)


def _biased(result: Tensor, bias: Tensor | None) -> Tensor:
    return result if bias is None else result + bias.to(result.dtype)[:, None, None]
