"""The state that lives on the host: attributes of networks, components and optimizers that are no tensors of a device.

A recorded step has them as constants, so it may only be replayed while they are what they were.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any

import torch
from torch import Tensor, nn

_OF_MODULES = frozenset(vars(nn.Module()))

Plain = Callable[[], tuple[Any, ...]]


def host_state(objects: Iterable[object], optimizers: Iterable[torch.optim.Optimizer] = ()) -> Plain:
    """A function that returns what these objects, the modules inside them and the optimizers hold beside tensors.

    Two results are equal where nothing has changed; objects that cannot be compared by value count by their identity.
    An object names in `on_device` the attributes that a step reads from a tensor instead.

    torch's own modules hold nothing that changes between steps, so they are left out, and so are the learning rates of
    optimizers that can read them from a tensor ("capturable").
    """
    homes = [(vars(one), _OF_MODULES | getattr(one, "on_device", frozenset())) for one in _owners(objects)]
    optimizers = tuple(optimizers)

    def now() -> tuple[Any, ...]:
        found = [_plain(*home) for home in homes]
        # A resume gives an optimizer other groups, so they are not kept here.
        found += [_plain(_fixed(group), _OF_MODULES) for optimizer in optimizers for group in optimizer.param_groups]
        return tuple(found)

    return now


def _owners(objects: Iterable[object]) -> list[object]:
    found: dict[int, object] = {}
    for one in objects:
        inside = one.modules() if isinstance(one, nn.Module) else ()
        for owner in (one, *inside):
            if hasattr(owner, "__dict__") and not type(owner).__module__.startswith("torch."):
                found[id(owner)] = owner
    return list(found.values())


def _plain(home: Mapping[str, Any], left_out: Set[str]) -> tuple[Any, ...]:
    return tuple(
        (name, _comparable(value))
        for name, value in home.items()
        if name not in left_out and not isinstance(value, nn.Module)
    )


def _fixed(group: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {"params", "lr"} if "capturable" in group else {"params"}
    return {name: value for name, value in group.items() if name not in left_out}


def _comparable(value: Any) -> Any:
    if isinstance(value, Tensor):  # what a kernel is given of a tensor on the host is a plain number
        return None if value.device.type != "cpu" or value.is_inference() else (id(value), value._version)
    if isinstance(value, list | tuple | set):
        return type(value), tuple(map(_comparable, value))
    if isinstance(value, dict):
        return tuple((_comparable(name), _comparable(one)) for name, one in value.items())
    try:
        hash(value)
    except TypeError:
        return id(value)
    return value
