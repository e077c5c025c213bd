"""The numbers that change from step to step, and the places in memory from which a recorded step reads them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gantool.api.strategies import Penalty


class Places:
    """Those of one network's steps: strength of instance noise, learning rates, and weights of its penalties.

    A weight is read from its place once it is another than at first; one that never changes stays a number.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, penalties: Sequence[Penalty]) -> None:
        device = optimizer.param_groups[0]["params"][0].device
        self.optimizer = optimizer
        self._betas = _betas(optimizer)
        self.noise = torch.zeros((), device=device)
        self._rates = [torch.zeros((), device=device) for _ in optimizer.param_groups]
        # In float64 a number is what it is on the host, and is rounded where it meets the penalty's value, as there.
        self._weights = [
            (penalty, penalty.weight, torch.zeros((), dtype=torch.float64, device=device)) for penalty in penalties
        ]

    @property
    def update_on_host(self) -> bool:
        """True where betas are other than at first: the update is then no part of a recording, which would keep them.

        torch's fused kernels take them as numbers. Its other ones do not know `found_inf`, and `_foreach_pow` reads a
        beta that is a tensor on the host.
        """
        return _betas(self.optimizer) != self._betas

    def weights(self) -> tuple[object, ...]:
        """The weights of the penalties, which a step may not change."""
        return tuple(vars(penalty).get("weight") for penalty, *_ in self._weights)

    def fill(self, noise: float) -> None:
        """Write the numbers of this step."""
        self.noise.fill_(noise)
        for group, place in zip(self.optimizer.param_groups, self._rates, strict=True):
            place.fill_(float(group["lr"]))
        for penalty, place in self._moving():
            place.fill_(penalty.weight)

    @contextmanager
    def weights_read(self) -> Iterator[None]:
        """Have the penalties' weights be their places inside the block, where they are read from these."""
        before = [(penalty, penalty.weight, place) for penalty, place in self._moving()]
        for penalty, _, place in before:
            vars(penalty)["weight"] = place
        try:
            yield
        finally:
            for penalty, weight, place in before:
                if vars(penalty)["weight"] is place:  # else the step has set it
                    vars(penalty)["weight"] = weight

    @contextmanager
    def rates_read(self) -> Iterator[None]:
        """Have the optimizer read its learning rates from their places, where it can, inside the block."""
        before = [dict(group) for group in self.optimizer.param_groups]
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            if "capturable" in group:
                group.update(lr=rate, capturable=True)
        try:
            yield
        finally:
            for group, own in zip(self.optimizer.param_groups, before, strict=True):
                group.update((name, own[name]) for name in ("lr", "capturable") if name in own)

    def gradients(self) -> list[tuple[nn.Parameter, Tensor | None]]:
        """All weights of the optimizer with their gradients as they are now."""
        return [(weight, weight.grad) for group in self.optimizer.param_groups for weight in group["params"]]

    def _moving(self) -> Iterator[tuple[Penalty, Tensor]]:
        for penalty, first, place in self._weights:
            number = vars(penalty).get("weight")  # what a property computes is found by what it depends on
            if isinstance(number, int | float) and number != first:
                yield penalty, place


def _betas(optimizer: torch.optim.Optimizer) -> list[Any]:
    return [group.get("betas") for group in optimizer.param_groups]
