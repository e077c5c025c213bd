"""The figures of the `shapes` source: signed distance functions, negative inside, in coordinates with y up.

Each takes arrays x and y of one shape and fits in a circle of radius about 1. Python's floats keep
the arrays' float32. Most follow Inigo Quilez, "2D distance functions".
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32

Plane = Float32[np.ndarray, "n p"]
Figure = Callable[[Plane, Plane], Plane]


def length(x: Plane, y: Plane) -> Plane:
    """Distance from the origin."""
    distance: Plane = np.sqrt(x * x + y * y)
    return distance


def union(first: Plane, second: Plane) -> Plane:
    """The union of two figures."""
    nearer: Plane = np.minimum(first, second)
    return nearer


def circle(x: Plane, y: Plane) -> Plane:
    """A disc."""
    return length(x, y) - 0.84


def square(x: Plane, y: Plane) -> Plane:
    """A square with rounded corners."""
    return _box(x, y, 0.6, 0.6) - 0.15


def triangle(x: Plane, y: Plane) -> Plane:
    """An equilateral triangle, point up, with rounded corners."""
    root3 = 3**0.5
    side = 0.78
    px, py = np.abs(x) - side, y + 0.12 + side / root3
    fold = px + root3 * py > 0
    px, py = np.where(fold, (px - root3 * py) / 2, px), np.where(fold, (-root3 * px - py) / 2, py)
    px = px - np.clip(px, -2 * side, 0)
    return -length(px, py) * np.sign(py) - 0.14


def star(x: Plane, y: Plane) -> Plane:
    """A star of five points."""
    px, py = _fold_in_five(x, y + 0.05)
    py = py - 0.98
    edge_x, edge_y = 0.52 * _SIN36, 0.52 * _COS36 - 1
    along = np.clip((px * edge_x + py * edge_y) / (edge_x**2 + edge_y**2), 0, 0.98)
    return length(px - edge_x * along, py - edge_y * along) * np.sign(py * edge_x - px * edge_y) - 0.05


def heart(x: Plane, y: Plane) -> Plane:
    """A heart."""
    size = 1.62
    px, py = np.abs(x) / size, (y + 0.92) / size
    along = np.maximum(px + py, 0) / 2
    lower = np.sqrt(np.minimum(px**2 + (py - 1) ** 2, (px - along) ** 2 + (py - along) ** 2)) * np.sign(px - py)
    upper = length(px - 0.25, py - 0.75) - 2**0.5 / 4
    return np.where(px + py > 1, upper, lower) * size - 0.03


def moon(x: Plane, y: Plane) -> Plane:
    """A crescent, open to the right."""
    shift, outer, inner = 0.5, 0.92, 0.74
    px, py = x - 0.04, np.abs(y)
    tip_x = (outer**2 - inner**2 + shift**2) / (2 * shift)
    tip_y = (outer**2 - tip_x**2) ** 0.5
    beyond_tip = px * tip_y - py * tip_x > shift * np.maximum(tip_y - py, 0)
    bow = np.maximum(length(px, py) - outer, inner - length(px - shift, py))
    return np.where(beyond_tip, length(px - tip_x, py - tip_y), bow) - 0.03


def drop(x: Plane, y: Plane) -> Plane:
    """A drop of water, point up."""
    radius, height = 0.62, 1.24
    slope = radius / height
    rise = (1 - slope**2) ** 0.5
    px, py = np.abs(x), y + 0.36
    along = py * rise - px * slope
    flank = px * rise + py * slope - radius
    far = np.where(along > rise * height, length(px, py - height), flank)
    return np.where(along < 0, length(px, py) - radius, far) - 0.03


def cross(x: Plane, y: Plane) -> Plane:
    """A plus sign."""
    return union(_box(x, y, 0.76, 0.2), _box(x, y, 0.2, 0.76)) - 0.09


def flower(x: Plane, y: Plane) -> Plane:
    """Five round petals."""
    px, py = _fold_in_five(x, y)
    return union(length(px, py - 0.56) - 0.37, length(px, py) - 0.4)


def cloud(x: Plane, y: Plane) -> Plane:
    """A cloud with a flat base."""
    base = length(np.maximum(np.abs(x) - 0.6, 0), y + 0.24) - 0.33
    left = length(x + 0.2, y - 0.14) - 0.46
    right = length(x - 0.38, y - 0.02) - 0.36
    return union(base, union(left, right))


def house(x: Plane, y: Plane) -> Plane:
    """A house with eaves."""
    walls = _box(x, y + 0.36, 0.54, 0.36)
    roof = _polygon(x, y, (-0.82, 0.06), (0.82, 0.06), (0.0, 0.8))
    return union(walls, roof) - 0.06


def cat(x: Plane, y: Plane) -> Plane:
    """The head of a cat."""
    px = np.abs(x)
    head = length(np.maximum(px - 0.14, 0), y + 0.14) - 0.62
    ear = _polygon(px, y, (0.2, 0.3), (0.7, 0.0), (0.66, 0.74))
    return union(head, ear) - 0.05


_COS36, _SIN36 = float(np.cos(np.pi / 5)), float(np.sin(np.pi / 5))


def _fold_in_five(x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """Mirror the plane into one half of the wedge around +y that a five-fold figure repeats."""
    px, py = np.abs(x), y
    for nx in (_COS36, -_COS36):
        across = 2 * np.maximum(px * nx - py * _SIN36, 0)
        px, py = px - across * nx, py + across * _SIN36
    return np.abs(px), py


def _box(x: Plane, y: Plane, half_width: float, half_height: float) -> Plane:
    qx, qy = np.abs(x) - half_width, np.abs(y) - half_height
    signed: Plane = length(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0)
    return signed


def _polygon(x: Plane, y: Plane, *corners: tuple[float, float]) -> Plane:
    """A polygon by its corners in counter-clockwise order; exact if it is convex."""
    inside, nearest = np.ones_like(x, np.bool_), np.full_like(x, np.inf)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        px, py, ex, ey = x - ax, y - ay, bx - ax, by - ay
        along = np.clip((px * ex + py * ey) / (ex**2 + ey**2), 0, 1)
        nearest = np.minimum(nearest, length(px - ex * along, py - ey * along))
        inside &= px * ey < py * ex
    signed: Plane = np.where(inside, -nearest, nearest)
    return signed


FIGURES: tuple[Figure, ...] = (
    circle, square, triangle, star, heart, moon, drop, cross, flower, cloud, house, cat,
)  # fmt: skip
