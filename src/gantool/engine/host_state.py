"""What a step finds on the host: numbers, and the places of tensors in memory.

A recorded step has both as constants, so it may only be replayed while they are what they were. Whatever cannot be
followed is named, since a recording could go on with what it was.
"""

import functools
import random
import types
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import torch
from torch import Tensor, nn

MOST = 50_000
"""Attributes that are followed; what holds more is refused."""

_OF_MODULES = frozenset(vars(nn.Module())) - {"training", "_parameters", "_buffers", "_modules"}
_HOOKS = frozenset(name for name in _OF_MODULES if name.endswith("_hooks"))
_OF_OPTIMIZERS = frozenset({"state", "param_groups", "found_inf", "grad_scale"})
_PLAIN = frozenset(
    {bool, int, float, complex, str, bytes, type(None), type(...), object}
    | {torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size}
)
_AS_THEY_ARE = type | types.ModuleType | types.BuiltinFunctionType | PurePath

Leaf = tuple[str, str, Any, Any]
"""Class of the owner, attribute, type, value."""


@dataclass(frozen=True)
class Held:
    """A tensor on the device. `group` says whose it is; `learnt` are weights and moments."""

    group: str
    tensor: Tensor
    learnt: bool


@dataclass
class HostState:
    """All that was found: `key` is equal where nothing has changed, and `unseen` names what cannot be followed."""

    leaves: list[Leaf] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    unseen: str = ""

    @property
    def key(self) -> tuple[Leaf, ...]:
        """What a recording depends on."""
        return tuple(self.leaves)


def changed(before: tuple[Leaf, ...], after: tuple[Leaf, ...]) -> str:
    """The first attribute that differs, as `Class.name`."""
    pairs = zip(before, after, strict=False)
    owner, name, *_ = next((new for old, new in pairs if old != new), (after or before)[-1])
    return f"{owner}.{name}"


def host_state(
    parts: Mapping[str, object], optimizer: torch.optim.Optimizer, device: torch.device, on_host: bool = False
) -> HostState:
    """What these parts, all that they hold, and an optimizer find on the host.

    An object names in `on_device`, a frozenset, the attributes that a step reads from a tensor instead. Learning rates
    are left out where an optimizer can read them from a tensor ("capturable"), and with betas where its update is
    played `on_host`. Global variables are not seen.
    """
    walk = _Walk(device)
    for role, part in parts.items():
        walk.group = role
        walk.follow(role, "", part)
    walk.follow_optimizer(optimizer, on_host)
    return walk.found


class _Walk:
    def __init__(self, device: torch.device) -> None:
        self.found, self.group = HostState(), ""
        self._device, self._seen = device, dict[int, int]()

    def follow(self, owner: str, name: str, value: Any) -> None:
        """Note a value and all that it holds, each object once."""
        kind = type(value)
        if kind in _PLAIN:
            self.found.leaves.append((owner, name, kind, value))
        elif (before := self._seen.get(id(value))) is not None:
            self.found.leaves.append((owner, name, "the same as", before))
        elif len(self.found.leaves) > MOST:
            self._give_up(owner, name, value)
        else:
            self._seen[id(value)] = len(self._seen)
            if isinstance(value, Tensor):
                self._note_place(owner, name, value)
            elif isinstance(value, Mapping):
                for key, one in value.items():
                    self.follow(owner, name, key)
                    self.follow(owner, key if isinstance(key, str) else name, one)
            else:
                self._follow_inside(owner, name, value)

    def _follow_inside(self, owner: str, name: str, value: Any) -> None:
        kind, leaves = type(value), self.found.leaves
        leaves.append((owner, name, kind, ""))
        if isinstance(value, list | tuple | set | frozenset | deque):
            for one in value:
                self.follow(owner, name, one)
        elif isinstance(value, _AS_THEY_ARE):
            leaves.append((owner, name, kind, value))
        elif isinstance(value, random.Random):
            leaves.append((owner, name, kind, value.getstate()))
        elif (inside := _inside(value)) is not None:
            for one in inside:
                self.follow(owner, name, one)
        elif (attributes := _attributes(value)) is not None:
            for attribute, one in attributes:
                self.follow(kind.__name__, attribute, one)
        else:
            self._compare(owner, name, value)

    def _compare(self, owner: str, name: str, value: Any) -> None:
        """By its bytes, or as it compares itself."""
        try:
            view = memoryview(value)
            content = hash((view.shape, view.format, view.tobytes()))
        except (TypeError, ValueError):
            by_value = getattr(type(value), "__hash__", None)
            if by_value is None or by_value is object.__hash__:
                self._give_up(owner, name, value)
                return
            content = value
        self.found.leaves.append((owner, name, type(value), content))

    def _give_up(self, owner: str, name: str, value: Any) -> None:
        self.found.unseen = self.found.unseen or f"{owner}.{name}"
        self.found.leaves.append((owner, name, "at", id(value)))

    def _note_place(self, owner: str, name: str, value: Tensor, learnt: bool = False) -> None:
        if value.layout is not torch.strided:
            self._give_up(owner, name, value)
            return
        place: tuple[Any, ...] = (value.data_ptr(), value.shape, value.stride(), value.dtype, value.requires_grad)
        if value.device.type != self._device.type:  # what a kernel is given of a tensor on the host is a plain number
            place += (0 if value.is_inference() else value._version,)
        elif not value.is_inference() and all(stride or size < 2 for size, stride in zip(*place[1:3], strict=True)):
            weight = isinstance(value, nn.Parameter)
            group = f"{self.group}'s {'weights' if weight else 'state'}"
            self.found.held.append(Held(group, value, weight or learnt))
        self.found.leaves.append((owner, name, Tensor, place))

    def follow_optimizer(self, optimizer: torch.optim.Optimizer, on_host: bool) -> None:
        """Its settings and moments; a resume gives an optimizer other groups, so they are found anew each time."""
        owner = type(optimizer).__name__
        for name, value in vars(optimizer).items():
            if name not in _OF_OPTIMIZERS:
                self.follow(owner, name, value)
        for group in optimizer.param_groups:
            left_out = {"lr", "betas"} if on_host else {"lr"} if "capturable" in group else ()
            for name, value in group.items():
                if name not in left_out:
                    self.follow(owner, name, value)
            for weight in group["params"]:
                for name, value in optimizer.state.get(weight, {}).items():
                    self.group = f"optimizer's {name}"
                    if isinstance(value, Tensor):
                        self._note_place(owner, name, value, learnt=True)
                    else:
                        self.follow(owner, name, value)


def _inside(value: Any) -> Iterable[Any] | None:
    """What functions, methods and references hold."""
    if isinstance(value, types.FunctionType):
        closure = [cell.cell_contents for cell in value.__closure__ or () if cell != types.CellType()]
        return [value.__code__, value.__defaults__, value.__kwdefaults__, *closure]
    if isinstance(value, types.MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, functools.partial):
        return [value.func, *value.args, value.keywords]
    if isinstance(value, weakref.ref):
        return [value()]
    return None


def _attributes(value: Any) -> Iterator[tuple[str, Any]] | None:
    """The attributes of an object, by `__dict__` and `__slots__`; None where it has neither."""
    slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
    if not slots and not hasattr(value, "__dict__"):
        return None
    left_out = set(_OF_MODULES) if isinstance(value, nn.Module) else set()
    if isinstance(named := getattr(value, "on_device", None), frozenset):
        left_out |= named
    return _those(value, left_out, slots)


def _those(value: Any, left_out: set[str], slots: list[str]) -> Iterator[tuple[str, Any]]:
    for name, one in getattr(value, "__dict__", {}).items():
        if name not in left_out or (name in _HOOKS and one):
            yield name, one
    for name in slots:
        if name not in left_out and name not in {"__dict__", "__weakref__"} and hasattr(value, name):
            yield name, getattr(value, name)


def _slots(kind: type) -> Iterator[str]:
    slots = vars(kind).get("__slots__", ())
    for name in (slots,) if isinstance(slots, str) else slots:
        private = name.startswith("__") and not name.endswith("__")
        yield f"_{kind.__name__.lstrip('_')}{name}" if private else name
