"""What several metrics ask of the same pictures, computed once."""

from collections.abc import Callable, MutableMapping
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple

from torch import Tensor
from torch.utils.weak import WeakIdRef, WeakTensorKeyDictionary

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


def once(compute: Callable[[Tensor, *Ts], T]) -> Callable[[Tensor, *Ts], T]:
    """`compute`, with its last answer for each first argument remembered as long as that tensor lives.

    It is given again for the same other tensors and equal numbers, while no tensor is changed. No tensor is kept alive.
    """
    known: MutableMapping[Tensor, tuple[tuple[Any, ...], T]] = WeakTensorKeyDictionary()

    @wraps(compute)
    def remembered(tensor: Tensor, *args: *Ts) -> T:
        asked = (_version(tensor), *map(_marked, args))
        kept = known.get(tensor)
        if kept is None or kept[0] != asked:
            kept = known[tensor] = asked, compute(tensor, *args)
        return kept[1]

    return remembered


def _marked(value: Any) -> Any:
    """The value, and in place of a tensor what is equal for it alone while it lives and is not changed."""
    return (WeakIdRef(value), _version(value)) if isinstance(value, Tensor) else value


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
