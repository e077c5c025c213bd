"""Curves of a run thinned to what a chart can show, with the range that was averaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from statistics import median_low

from gantool.report.record import Curve

MOST_POINTS = 320
"""Points of a line in a chart, which is about as wide."""
WHOLE = 0.5
"""The least share of the usual length of a tick at which its means scatter about as little as those of others."""


@dataclass(frozen=True)
class Point:
    """The mean of a stretch of a curve, at its last images seen, and the lowest and highest value in it."""

    seen: int
    mean: float
    low: float
    high: float


def thinned(curve: Curve, most: int = MOST_POINTS) -> list[Point]:
    """The curve in at most so many points: as it is where it has no more, else means of stretches of equal length.

    A tick that was cut short, as the last of a run can be, is a mean of few images: it is merged with the one before
    it, or after it.
    """
    whole = _whole_ticks(curve)
    if len(whole) <= most:
        return [_point(curve, inside, ranged=False) for inside in whole]
    length = curve.seen[-1] - curve.seen[0] + 1
    stretches: dict[int, list[int]] = {}
    for inside in whole:
        stretches.setdefault((curve.seen[inside[-1]] - curve.seen[0]) * most // length, []).extend(inside)
    return [_point(curve, inside, ranged=True) for inside in stretches.values()]


def _whole_ticks(curve: Curve) -> list[list[int]]:
    """The places of values, those of short ticks together with others, so that each covers enough images."""
    enough = WHOLE * median_low(curve.covered) if len(curve) else 0
    groups: list[list[int]] = []
    gathered: float = enough
    for place, covered in enumerate(curve.covered):
        if gathered >= enough:
            groups.append([])
            gathered = 0
        groups[-1].append(place)
        gathered += covered
    if gathered < enough and len(groups) > 1:
        last = groups.pop()
        groups[-1] += last
    return groups


def _point(curve: Curve, inside: Sequence[int], ranged: bool) -> Point:
    values, weights = [curve.values[at] for at in inside], [max(1, curve.covered[at]) for at in inside]
    mean = fsum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
    low, high = (min(values), max(values)) if ranged else (mean, mean)
    return Point(curve.seen[inside[-1]], mean, low, high)
