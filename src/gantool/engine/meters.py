"""Scalars of many steps, summed on the device, so that the host waits for it once per tick, not once per step."""

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
        """Add the scalars of one step, without waiting for the device."""
        # A network that had no step in this batch has skipped none.
        skipped = torch.stack([scalars[name] for name in SKIPPED if name in scalars]).amax()
        self._streak = skipped if self._streak is None else (self._streak + 1) * skipped
        for name, value in scalars.items():
            # The infinities of a skipped step would hide the finite values of the same tick.
            value = torch.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0)
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0) + 1

    def close(self) -> dict[str, float]:
        """Return the means (`skipped_steps` is a count) and reset them; here the host waits for the device."""
        names = list(self._sums)
        totals = torch.stack([self._sums[name].float() for name in names]).tolist() if names else []
        means = {n: total / self._counts[n] for n, total in zip(names, totals, strict=True) if n not in SKIPPED}
        means["skipped_steps"] = sum(total for n, total in zip(names, totals, strict=True) if n in SKIPPED)
        self._sums, self._counts = {}, {}
        return means

    @property
    def streak(self) -> int:
        """The number of steps in a row, up to now, that were skipped."""
        return 0 if self._streak is None else int(self._streak)
