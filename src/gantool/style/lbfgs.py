"""L-BFGS with backtracking (Nocedal and Wright 2006, alg. 7.5): mostly one evaluation a step, and no rising loss."""

import math
from collections import deque
from collections.abc import Callable

import torch
from torch import Tensor

Evaluate = Callable[[Tensor], tuple[float, Tensor]]
"""A function from an image to its loss and gradient."""
Metric = Callable[[Tensor], Tensor]
"""A linear function from a gradient to a direction."""

SUFFICIENT = 1e-4
"""The least share of the decrease predicted by the slope that a step must achieve (Armijo)."""
TRIALS = 12
"""Halvings of a step before the search gives up."""


class Lbfgs:
    """Minimises a smooth function of one tensor; keeps `history` pairs of steps and changes of the gradient.

    `metric` is the initial inverse Hessian up to a factor, which must be symmetric and positive; without one it is the
    identity.
    """

    def __init__(
        self,
        start: Tensor,
        evaluate: Evaluate,
        history: int = 10,
        first_step: float = 0.05,
        metric: Metric = lambda gradient: gradient,
    ) -> None:
        self.image = start
        self._evaluate, self._metric = evaluate, metric
        self._first_step = first_step
        self._pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=history)
        self.loss, self._gradient = evaluate(start)
        self.stuck = False

    def step(self) -> float:
        """One step downhill; returns the loss. At a minimum, or where no lower point is found, `stuck` is set."""
        direction = self._direction()
        slope = dot(direction, self._gradient)
        if slope >= 0 or not self._descend(direction, slope):
            self.stuck = not self._pairs
            self._pairs.clear()
        return self.loss

    def _descend(self, direction: Tensor, slope: float) -> bool:
        length = 1.0
        for _ in range(TRIALS):
            image = self.image + length * direction
            loss, gradient = self._evaluate(image)
            if loss <= self.loss + SUFFICIENT * length * slope:
                self._store(length * direction, gradient - self._gradient)
                self.image, self.loss, self._gradient = image, loss, gradient
                return True
            curve = 2 * (loss - self.loss - length * slope)
            best = -slope * length**2 / curve if math.isfinite(loss) and curve > 0 else 0.0
            length = min(max(best, 0.1 * length), 0.5 * length)
        return False

    def _store(self, moved: Tensor, change: Tensor) -> None:
        curvature = dot(moved, change)
        if curvature > 1e-10 * dot(change, change):
            self._pairs.append((moved, change, 1 / curvature))

    def _direction(self) -> Tensor:
        """The two-loop recursion: the approximate inverse Hessian times the negative gradient."""
        direction = -self._gradient
        if not self._pairs:
            direction = self._metric(direction)
            size = direction.abs().max().item()
            return direction * (self._first_step / size) if size > 0 else direction
        shares = []
        for moved, change, inverse in reversed(self._pairs):
            share = inverse * dot(moved, direction)
            shares.append(share)
            direction = direction - share * change
        _, change, inverse = self._pairs[-1]
        direction = self._metric(direction) / (inverse * dot(change, self._metric(change)))
        for (moved, change, inverse), share in zip(self._pairs, reversed(shares), strict=True):
            direction = direction + (share - inverse * dot(change, direction)) * moved
        return direction


def dot(one: Tensor, other: Tensor) -> float:
    """The inner product."""
    return torch.dot(one.flatten(), other.flatten()).item()
