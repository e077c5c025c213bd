"""Scalars of many steps, summed on the device, so that the host waits for it once per tick, not once per step."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

SKIPPED = ("skipped_d", "skipped_g")


class Ledger:
    """Means of scalars since the last tick, and how many steps in a row were not finite."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], tuple[Tensor, int]] = {}
        self._streak: Tensor | None = None

    def add(self, scalars: Mapping[str, Float[Tensor, ""]]) -> None:
        """Add the scalars of one step, without reading any: one tensor for each set of names, to spare launches."""
        # A network that had no turn has skipped nothing.
        skipped = torch.stack([scalars[name] for name in SKIPPED if name in scalars]).amax()
        self._streak = skipped if self._streak is None else (self._streak + 1) * skipped
        names = tuple(scalars)
        # A skipped step's infinities would hide the healthy ones of the same tick.
        values = torch.nan_to_num(
            torch.stack([scalars[name].float() for name in names]), nan=0.0, posinf=0.0, neginf=0.0
        )
        total, count = self._sums.get(names, (None, 0))
        self._sums[names] = (values if total is None else total + values), count + 1

    def close(self) -> dict[str, float]:
        """The means (`skipped_steps` is a count), and a fresh start; this is where the host waits."""
        sums: dict[str, float] = {}
        counts: dict[str, int] = {}
        for names, (total, count) in self._sums.items():
            for name, value in zip(names, total.tolist(), strict=True):
                sums[name], counts[name] = sums.get(name, 0.0) + value, counts.get(name, 0) + count
        self._sums = {}
        means = {name: total / counts[name] for name, total in sums.items() if name not in SKIPPED}
        return means | {"skipped_steps": sum(sums.get(name, 0.0) for name in SKIPPED)}

    def state(self) -> dict[str, Any]:
        """The state dict for a checkpoint, so that the means of a tick do not depend on where a run was resumed."""
        sums = [(list(names), total.cpu(), count) for names, (total, count) in self._sums.items()]
        return {"sums": sums, "streak": self.streak}

    def restore(self, saved: Mapping[str, Any] | None, device: torch.device) -> None:
        """Go on from the state of a checkpoint, which is None in older ones."""
        if saved is None:
            return
        self._sums = {tuple(names): (total.to(device), count) for names, total, count in saved["sums"]}
        self._streak = torch.tensor(float(saved["streak"]), device=device)

    @property
    def streak(self) -> int:
        """The number of steps in a row, up to now, that were skipped."""
        return 0 if self._streak is None else int(self._streak)
