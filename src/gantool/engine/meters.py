"""Scalars of many steps, summed where they are: the host waits for the device once a tick, not once a step."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

SKIPPED = ("skipped_d", "skipped_g")


class Ledger:
    """Means of scalars since the last tick, and how many steps in a row were not finite."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self._streak: Tensor | None = None

    def add(self, scalars: Mapping[str, Float[Tensor, ""]]) -> None:
        """Take note of one step, without reading anything."""
        # A network whose turn it was not has skipped nothing.
        skipped = torch.stack([scalars[name] for name in SKIPPED if name in scalars]).amax()
        self._streak = skipped if self._streak is None else (self._streak + 1) * skipped
        for name, value in scalars.items():
            # A skipped step's infinities would hide the healthy ones of the same tick.
            value = torch.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0)
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0) + 1

    def close(self) -> dict[str, float]:
        """The means (`skipped_steps` is a count), and a fresh page; this is where the host waits."""
        names = list(self._sums)
        totals = torch.stack([self._sums[name].float() for name in names]).tolist() if names else []
        means = {n: total / self._counts[n] for n, total in zip(names, totals, strict=True) if n not in SKIPPED}
        means["skipped_steps"] = sum(total for n, total in zip(names, totals, strict=True) if n in SKIPPED)
        self._sums, self._counts = {}, {}
        return means

    @property
    def streak(self) -> int:
        """How many steps in a row, up to now, were skipped."""
        return 0 if self._streak is None else int(self._streak)
