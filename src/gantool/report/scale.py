"""Axes: round numbers for their ticks, and numbers as a page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

Number = float | int
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
FIRST_SHORTENED = 10_000
LOG_FROM = 5
"""The ratio of the highest and the lowest value from which on a logarithmic axis tells more."""


@dataclass(frozen=True)
class Axis:
    """An axis from the value `low` to `high`, drawn from the coordinate `start` to `end`; logarithmic if `log`."""

    low: Number
    high: Number
    start: Number
    end: Number
    log: bool = False

    def at(self, value: Number) -> float:
        """The coordinate of a value, on the axis at most."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = log10(value / self.low) / log10(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, about: int = 4) -> list[float]:
        """Round values on the axis, about so many."""
        if self.log:
            return _log_ticks(self.low, self.high, about)
        step = _round_step((self.high - self.low) / about)
        first = -floor(-self.low / step + 1e-9)
        count = floor(self.high / step + 1e-9) - first + 1
        return [(first + index) * step for index in range(count)]


def _round_step(least: Number) -> float:
    power = 10.0 ** floor(log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * 0.999)


def _log_ticks(low: Number, high: Number, about: int) -> list[float]:
    """Powers of ten, with 2 and 5 times these, or 3 times, where that gives about so many."""
    powers = [10.0**power for power in range(floor(log10(low)), floor(log10(high)) + 1)]
    choices = [
        [factor * power for power in powers for factor in factors if low <= factor * power <= high]
        for factors in ((1, 2, 5), (1, 3), (1,))
    ]
    few = [ticks for ticks in choices if len(ticks) <= about + 1]
    ticks = max(few, key=len) if few else choices[-1][:: -(-len(choices[-1]) // about)]
    return ticks if len(ticks) > 1 else [low, high]


def axis_of(values: Sequence[Number], start: Number, end: Number, from_zero: bool = False, log: bool = False) -> Axis:
    """An axis that holds these values, but for the few that would flatten the rest.

    It is linear where values are not all positive, or close together.
    """
    ordered = sorted(values) or [0.0, 1.0]
    if log and ordered[0] > 0:
        low, high = (10**limit for limit in _limits([log10(value) for value in ordered]))
        if high >= LOG_FROM * low:
            return Axis(low / 1.15, high * 1.15, start, end, log=True)
    low, high = _limits(ordered)
    if from_zero:
        low, high = min(0.0, low), max(0.0, high)
    if high - low < 1e-9 * max(1.0, abs(high)):
        room = abs(high) / 2 or 0.5
        low, high = low - room, high + room
    margin = 0.06 * (high - low)
    return Axis(low if low == 0 else low - margin, high if high == 0 else high + margin, start, end)


def _limits(ordered: Sequence[Number]) -> tuple[Number, Number]:
    """The lowest and highest value, but no farther from the middle nine tenths than these are wide."""
    low, high = ordered[len(ordered) // 20], ordered[-1 - len(ordered) // 20]
    room = (high - low) or abs(high) or 1.0
    return max(ordered[0], low - room), min(ordered[-1], high + room)


def shown(value: Number) -> str:
    """A number in three digits or so: 0.0213, 1.39, 245, 12.4k, 3.1e−07."""
    value, size = value + 0.0, abs(value)  # no -0.0
    if size < FIRST_SHORTENED:
        return _minus(f"{value:.0f}" if size >= 1000 else f"{value:.3g}")
    fitting = [f"{value / unit:.3g}{letter}" for unit, letter in UNITS if unit <= size < 1000 * unit]
    return _minus(fitting[0] if fitting else f"{value:.3g}")


def _minus(number: str) -> str:
    return number.replace("-", "−")


def images(count: Number) -> str:
    """A number of images on an axis: 0, 500, 20k, 1.5M."""
    return next((f"{count / unit:g}{letter}" for unit, letter in UNITS if abs(count) >= unit), f"{count:g}")


def percent(share: Number) -> str:
    """A share in per cent, in three digits or so."""
    return f"{shown(100 * share)}%"


def tick_texts(axis: Axis, share: bool = False) -> list[str]:
    """The texts of an axis's ticks, each with the decimals that tell it from its neighbour."""
    ticks = axis.ticks()
    if axis.log:
        return [percent(tick) if share else shown(tick) for tick in ticks]
    values = [100 * tick for tick in ticks] if share else list(ticks)
    step = abs(values[1] - values[0]) if len(values) > 1 else 1.0
    if max(map(abs, values), default=0.0) >= FIRST_SHORTENED or step < 1e-6:
        texts = [shown(value) for value in values]
    else:
        decimals = next((count for count in range(7) if abs(round(step, count) - step) < 1e-3 * step), 6)
        texts = [_minus(f"{round(value, decimals) + 0.0:.{decimals}f}") for value in values]
    return [f"{text}%" if share else text for text in texts]
