"""What several metrics ask of the same pictures, computed once."""

from collections.abc import Callable, MutableMapping
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple

from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


def once(compute: Callable[[Tensor, *Ts], T]) -> Callable[[Tensor, *Ts], T]:
    """`compute`, with its last answer for each first argument remembered as long as that tensor lives.

    It is given again for the same other tensors and equal numbers, while the first tensor is not changed.
    """
    known: MutableMapping[Tensor, tuple[tuple[Any, ...], T]] = WeakTensorKeyDictionary()

    @wraps(compute)
    def remembered(tensor: Tensor, *args: *Ts) -> T:
        asked: tuple[Any, ...] = (0 if tensor.is_inference() else tensor._version, *args)
        kept = known.get(tensor)
        if kept is None or not all(map(_same, kept[0], asked)):
            kept = known[tensor] = asked, compute(tensor, *args)
        return kept[1]

    return remembered


def _same(one: Any, other: Any) -> bool:
    return one is other or (not isinstance(one, Tensor) and not isinstance(other, Tensor) and one == other)
