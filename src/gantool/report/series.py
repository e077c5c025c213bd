"""Curves of a run thinned to what a chart can show, with the range that was averaged."""

from dataclasses import dataclass

from gantool.report.record import Curve

MOST_POINTS = 320
"""Points of a line in a chart, which is about as wide."""


@dataclass(frozen=True)
class Point:
    """The mean of a stretch of a curve, at its last images seen, and the lowest and highest value in it."""

    seen: int
    mean: float
    low: float
    high: float


def thinned(curve: Curve, most: int = MOST_POINTS) -> list[Point]:
    """The curve in at most so many points: as it is where it has no more, else means of stretches of equal length."""
    if len(curve) <= most:
        return [Point(seen, value, value, value) for seen, value in zip(curve.seen, curve.values, strict=True)]
    length = curve.seen[-1] - curve.seen[0] + 1
    stretches: dict[int, list[int]] = {}
    for index, seen in enumerate(curve.seen):
        stretches.setdefault((seen - curve.seen[0]) * most // length, []).append(index)
    points = []
    for inside in stretches.values():
        values = [curve.values[index] for index in inside]
        points.append(Point(curve.seen[inside[-1]], sum(values) / len(values), min(values), max(values)))
    return points
