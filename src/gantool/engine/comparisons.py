"""The comparison of a recorded step with the step itself, from the same state: what both change, and draw."""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gantool.engine.host_state import Held
from gantool.engine.recordings import Recorder, Result

TOLERANCE = {"float32": 1e-3, "bf16": 2e-2}
"""The largest relative difference of a result; some kernels sum in another order each time."""
UPDATE_TOLERANCE = {"float32": 0.05, "bf16": 0.2}
"""The largest part of an update that may differ: where a gradient is nearly 0, Adam takes rounding for a direction."""
ROUNDING = 2e-7
"""A part of a float32 number that it may be off without meaning."""


class State:
    """Tensors and generators of random numbers as they are now."""

    def __init__(self, held: Sequence[Held], recorder: Recorder) -> None:
        self.held, self._recorder = held, recorder
        self.values = [one.tensor.detach().clone() for one in held]
        self._device, self._host = recorder.random_state(), _host_draws()

    @torch.no_grad()
    def put_back(self) -> None:
        """Make everything what it was."""
        for one, value in zip(self.held, self.values, strict=True):
            one.tensor.copy_(value)
        self.put_back_randomness()

    def put_back_randomness(self) -> None:
        """Make the generators what they were."""
        self._recorder.set_random_state(self._device)
        python, (kind, keys, *rest) = self._host
        random.setstate(python)
        np.random.set_state((kind, np.frombuffer(keys, np.uint32), *rest))

    def drew_alike(self) -> bool:
        """True if as much has been drawn by now, by torch and numpy.

        Python's generator does not count: runtime type checkers draw from it at each call.
        """
        alike = self._host[1] == _host_draws()[1]
        return alike and all(map(torch.equal, self._device, self._recorder.random_state()))


def _host_draws() -> tuple[Any, tuple[Any, ...]]:
    """The states of Python's generator and of numpy's, as they can be compared."""
    kind, keys, *rest = np.random.get_state()
    return random.getstate(), (kind, np.asarray(keys).tobytes(), *rest)


def versions(held: Sequence[Held]) -> int:
    """A number that grows with each change of a weight or moment."""
    return sum(one.tensor._version for one in held if one.learnt)


def results_differ(expected: Result, found: Result, precision: str) -> str:
    """What is different in the results of a recording, in words; empty if nothing is."""
    tolerance = TOLERANCE[precision]
    for name, value in expected[0].items():
        if not torch.allclose(value.float(), found[0][name], rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"its recording gives a {name} of {float(found[0][name]):.6g}, not {float(value):.6g}"
    if expected[1] is not None and found[1] is not None:
        values = expected[1].float()
        off = _apart(found[1].float(), values).abs().max()
        if not off <= tolerance * (1 + values.nan_to_num(0.0, 0.0, 0.0).abs().max()):
            return "its recording gives other logits"
    return ""


@torch.no_grad()
def updates_differ(before: State, after: State, precision: str) -> tuple[str, bool]:
    """What the recording has changed otherwise than the step did, and whether the step has changed any weight."""
    sizes: dict[str, float] = defaultdict(float)
    off, values, learnt = sizes.copy(), sizes.copy(), False
    for one, old, new in zip(before.held, before.values, after.values, strict=True):
        size = _square(_apart(new, old))
        sizes[one.group] += size
        off[one.group] += _square(_apart(one.tensor.detach(), new))
        values[one.group] += _square(new.nan_to_num(0.0, 0.0, 0.0)) if new.is_floating_point() else 0.0
        learnt |= one.learnt and size > 0
    for group, size in sizes.items():
        allowed = UPDATE_TOLERANCE[precision] * size**0.5 + ROUNDING * values[group] ** 0.5
        if not off[group] ** 0.5 <= allowed:
            return f"its recording changes the {group} by other numbers", learnt
    return "", learnt


def _apart(one: Tensor, other: Tensor) -> Tensor:
    """The difference, 0 where both are the same, not finite numbers too."""
    same = (one == other) | (one.isnan() & other.isnan())
    return torch.where(same, 0.0, one.double() - other.double())


def _square(values: Tensor) -> float:
    return float(values.double().square().sum())
