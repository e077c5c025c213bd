"""A bound on the networks that a factory builds, kept before their weights get memory or time."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

MOST_TENSORS = 50_000
"""The number of tensors that a factory may make: each layer takes time, however small it is."""
_MAKERS = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn}


class TooLargeError(MemoryError):
    """The networks would exceed their bound."""


@contextmanager
def bounded(most_bytes: int, most_tensors: int = MOST_TENSORS) -> Iterator[None]:
    """Let tensors that are made inside the block be so many at the most, and take at most so many bytes together.

    Raises TooLargeError instead of making the one that exceeds either.
    """
    with _Counting(most_bytes, most_tensors):
        yield


class _Counting(TorchFunctionMode):
    def __init__(self, most_bytes: int, most_tensors: int) -> None:
        super().__init__()
        self._left, self._tensors = most_bytes, most_tensors

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function in _MAKERS and str(kwargs.get("device")) != "meta":
            self._left -= _bytes(args, kwargs)
            self._tensors -= 1
            if self._left < 0 or self._tensors < 0:
                raise TooLargeError(f"{function.__name__}{args}")
        return function(*args, **kwargs)


def _bytes(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> int:
    size = args[0] if args and isinstance(args[0], list | tuple) else kwargs.get("size", args)
    dtype = kwargs.get("dtype") or torch.get_default_dtype()
    return math.prod(side for side in size if isinstance(side, int)) * int(dtype.itemsize)
