"""What changes with the clock by plan, learning rates, betas and instance noise: pure functions of the images seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch.optim import Optimizer

from gantool.api.run_config import RunConfig


@dataclass(frozen=True)
class Schedule:
    """Learning rates rise over `warmup` images and fall to their share `end` until `horizon`, the noise falls to 0.

    Adam's second beta goes from the first of `beta2` to the second by then. Counts are in images.
    """

    shape: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = 0
    horizon: int = 1
    noise: float = 0.0
    end: float = 0.0
    beta2: tuple[float, float] = (0.999, 0.999)

    def learning_rate(self, images_seen: int | float) -> float:
        """The share of the learning rates that is in force: linear warm-up, then level, or down to `end`."""
        if images_seen < self.warmup:
            return images_seen / self.warmup
        if self.shape == "constant":
            return 1.0
        gone = min(1.0, (images_seen - self.warmup) / max(self.horizon - self.warmup, 1))
        left = 1.0 - gone if self.shape == "linear" else (1 + math.cos(math.pi * gone)) / 2
        return self.end + (1 - self.end) * left

    def second_beta(self, images_seen: int | float) -> float:
        """Adam's second beta, by a cosine; a low one at first forgets fast what the first steps were like."""
        start, goal = self.beta2
        gone = min(1.0, images_seen / self.horizon)
        return goal if start == goal else goal + (start - goal) * (1 + math.cos(math.pi * gone)) / 2

    def instance_noise(self, images_seen: int | float) -> float:
        """Standard deviation of the noise on what the discriminator sees, falling to 0 (Sonderby et al. 2017)."""
        return self.noise * max(0.0, 1 - images_seen / self.horizon) if self.noise else 0.0


class Pace:
    """Optimizers that step by a schedule."""

    def __init__(self, schedule: Schedule, optimizers: Sequence[Optimizer]) -> None:
        self._schedule = schedule
        self._rates = [(optimizer, [group["lr"] for group in optimizer.param_groups]) for optimizer in optimizers]

    def take(self, images_seen: int | float) -> None:
        """Give all of them the learning rates and betas of this moment."""
        share, second = self._schedule.learning_rate(images_seen), self._schedule.second_beta(images_seen)
        for optimizer, rates in self._rates:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
                if "betas" in group:
                    group["betas"] = (group["betas"][0], second)


def schedule_of(config: RunConfig) -> Schedule:
    """The schedule of a run; a horizon that nobody settled is the run's length."""
    horizon = config.images if config.horizon == "auto" else config.horizon
    second = config.betas[1]
    start = second if config.beta2_start == "beta2" else config.beta2_start
    return Schedule(config.lr_schedule, config.warmup, horizon, config.instance_noise, config.lr_end, (start, second))
