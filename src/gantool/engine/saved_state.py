"""Checks of a checkpoint's contents before anything of them is restored: names, types, shapes and finite values.

Optimizers compute on whatever state they get: a moment of another shape makes a fused one write beyond its memory.
Each check gives the first problem as a phrase that begins with the place, or an empty text.
"""

import copy
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor, nn
from torch.optim import Optimizer

Moments = Mapping[int, Mapping[str, Any]]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, arbitrary_types_allowed=True)


class _Data(_Strict):
    count: int = Field(ge=0)
    fingerprint: str


class _Optimizer(_Strict):
    state: dict[int, dict[str, Any]]
    param_groups: list[dict[str, Any]] = Field(min_length=1)


class _Turns(_Strict):
    d: int = Field(ge=0)
    g: int = Field(ge=0)


class _Best(_Strict):
    images_seen: int = Field(ge=0)
    score: float = Field(ge=-math.inf)  # infinite while there is none, and never NaN
    since: int = Field(ge=0)
    last: float | None
    least: float = Field(math.inf, ge=-math.inf)
    """Infinite in checkpoints from before it was saved."""


class _Ledger(_Strict):
    sums: list[tuple[list[str], Tensor, int]]
    streak: int = Field(ge=0)


class _State(_Strict):
    images_seen: int = Field(ge=0)
    data: _Data
    optimizer_g: _Optimizer
    optimizer_d: _Optimizer | None
    components: dict[str, dict[str, Any]]
    stage_start: int = Field(ge=0)
    turns: _Turns
    best: _Best
    ledger: _Ledger | None = None
    """None in checkpoints from before it was saved."""


def names(state: Mapping[str, Any]) -> list[str]:
    """The keys of a state, for the manifest, by which one that is missing later, or new, is noticed."""
    return [*state, *(f"components.{name}" for name in state.get("components", {})), *_moment_names(state)]


def _moment_names(state: Mapping[str, Any]) -> Iterator[str]:
    for optimizer in ("optimizer_g", "optimizer_d"):
        for place, moments in (state.get(optimizer) or {}).get("state", {}).items():
            yield f"{optimizer}.state.{place}"
            yield from (f"{optimizer}.state.{place}.{name}" for name in moments)


def form_problem(state: Any, listed: Iterable[str], images_seen: int) -> str:
    """The problem of a checkpoint's state as it was read; `listed` are the names in the manifest."""
    if not isinstance(state, dict):
        return f"it is a {type(state).__name__}, not a dictionary"
    try:
        found = _State.model_validate(state)
    except ValidationError as error:
        first = error.errors()[0]
        reason = "missing" if first["type"] == "missing" else first["msg"][:1].lower() + first["msg"][1:]
        return f"{'.'.join(map(str, first['loc']))}: {reason}"
    known, own = dict.fromkeys(listed), dict.fromkeys(names(state))
    lacking = [name for name in known if name not in own]
    if lacking:
        return f"{lacking[0]}: missing"
    lists_moments = any(name.startswith("optimizer_") and "." in name for name in known)  # older ones list none
    strange = [name for name in _moment_names(state) if name not in known] if lists_moments else []
    if strange:
        return f"{strange[0]}: unknown"
    if found.images_seen != images_seen:
        return f"images_seen: {found.images_seen:,}, in a checkpoint of {images_seen:,} images"
    for sums_of, total, count in found.ledger.sums if found.ledger is not None else ():
        problem = tensor_problem(total, torch.zeros(len(sums_of))) or ("an empty sum" if count < 1 else "")
        if problem:
            return f"ledger.sums: {problem}"
    return ""


def tensor_problem(saved: Any, own: Tensor, finite: bool = True) -> str:
    """The problem of a saved tensor that is to take the place of `own`."""
    if not isinstance(saved, Tensor):
        return f"a {type(saved).__name__}, not a tensor"
    if saved.layout != torch.strided or saved.device.type != "cpu" or saved.is_quantized:
        return "not a plain tensor"
    if saved.shape != own.shape:
        return f"the shape {list(saved.shape)} instead of {list(own.shape)}"
    if saved.dtype != own.dtype:
        return f"the type {saved.dtype} instead of {own.dtype}"
    if finite and not torch.isfinite(saved).all() and torch.isfinite(own).all():  # some components begin at infinity
        return "values that are not finite"
    return ""


def weights_problem(network: nn.Module, saved: Mapping[str, Tensor], averaged: bool = False) -> str:
    """The problem of a network's saved weights, but for names and shapes, which tell of another network.

    Statistics of the network in training may be NaN, as after a forward pass that overflowed; its average has none.
    """
    learnt = {name for name, _ in network.named_parameters()}
    for name, own in network.state_dict().items():
        if name in saved and saved[name].shape == own.shape:
            problem = tensor_problem(saved[name], own, finite=averaged or name in learnt)
            if problem:
                return f"{name}: {problem}"
    return ""


def component_problem(part: nn.Module, saved: Mapping[str, Any]) -> str:
    """The problem of a component's saved state, but for names and shapes, which tell of another version."""
    for name, own in part.state_dict().items():
        if isinstance(own, Tensor) and getattr(saved.get(name, own), "shape", own.shape) == own.shape:
            problem = tensor_problem(saved.get(name, own), own)
            if problem:
                return f"{name}: {problem}"
    return ""


def optimizer_problem(saved: Mapping[str, Any], optimizer: Optimizer, has_learnt: bool) -> str:
    """The problem of an optimizer's saved state; one that `has_learnt` has moments, if it is of a kind that has any."""
    own = optimizer.state_dict()
    if len(saved["param_groups"]) != len(own["param_groups"]):
        return f"param_groups: {len(saved['param_groups'])} instead of {len(own['param_groups'])}"
    for group, of_own in zip(saved["param_groups"], own["param_groups"], strict=True):
        for name, value in of_own.items():
            if name not in group:
                return f"param_groups.{name}: missing"
            if name == "params" and group[name] != value:
                return f"param_groups.params: other weights than the {len(value)} of the network"
            if problem := _value_problem(group[name], value):
                return f"param_groups.{name}: {problem}"
    moments: Moments = saved["state"]
    count = sum(len(group["params"]) for group in own["param_groups"])
    strange = [place for place in moments if not 0 <= place < count]
    if strange:
        return f"state.{strange[0]}: there are {count} weights"
    expected = _moments_after_a_step(optimizer)
    if has_learnt and not moments and any(expected.values()):
        return "state: empty"
    return _moments_problem(moments, expected)


def _moments_problem(moments: Moments, expected: Moments) -> str:
    for place, state in moments.items():
        of_own = expected.get(place, {})
        for name, value in of_own.items():
            problem = _value_problem(state[name], value) if name in state else "missing"
            if problem:
                return f"state.{place}.{name}: {problem}"
    return ""


def _value_problem(saved: Any, own: Any) -> str:
    """The problem of a value in an optimizer: of another type, not finite, or as a tensor of another shape."""
    if isinstance(own, Tensor):
        return tensor_problem(saved, own)
    number = isinstance(own, int | float) and not isinstance(own, bool)
    if number and isinstance(saved, int | float) and not isinstance(saved, bool):
        return "" if math.isfinite(saved) or not math.isfinite(own) else "not finite"
    if type(saved) is not type(own) and None not in (saved, own):
        return f"a {type(saved).__name__}, not a {type(own).__name__}"
    if isinstance(own, tuple | list):
        if len(saved) != len(own):
            return f"{len(saved)} values instead of {len(own)}"
        return next(filter(None, map(_value_problem, saved, own)), "")
    return ""


def _moments_after_a_step(optimizer: Optimizer) -> Moments:
    """The state that the optimizer makes of a gradient, tried on copies of its weights."""
    copies: dict[int, Any] = {}
    twin = copy.deepcopy(optimizer, copies)
    own = {name: value for name, value in vars(optimizer).items() if name not in vars(twin)}
    vars(twin).update(copy.deepcopy(own, copies))  # torch copies no attributes that a subclass adds
    for group in twin.param_groups:
        for weight in group["params"]:
            weight.grad = torch.zeros_like(weight)
    with torch.random.fork_rng(devices=[]):
        twin.step()
    state: Moments = twin.state_dict()["state"]
    return state


def laid_out(moments: Moments, weights: Iterable[Tensor]) -> dict[int, dict[str, Any]]:
    """Copies of the state with the strides of the weights, as an optimizer makes them: fused ones count on that."""
    shapes = dict(enumerate(weights))

    def like(place: int, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        weight = shapes[place]
        if value.shape != weight.shape:
            return value.detach().clone(memory_format=torch.contiguous_format)
        return torch.empty_like(weight, dtype=value.dtype, device="cpu", requires_grad=False).copy_(value.detach())

    return {place: {name: like(place, value) for name, value in state.items()} for place, state in moments.items()}
