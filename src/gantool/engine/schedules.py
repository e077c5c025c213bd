"""Schedules of learning rate, Adam's second beta and instance noise, as pure functions of images seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch.optim import Optimizer

from gantool.api.run_config import RunConfig


@dataclass(frozen=True)
class Schedule:
    """A schedule: learning rates rise over `warmup` images and fall to the share `end` at `horizon`; noise falls to 0.

    Adam's second beta goes from the first of `beta2` to the second by then. All times are in images.
    """

    shape: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = 0
    horizon: int = 1
    noise: float = 0.0
    end: float = 0.0
    beta2: tuple[float, float] = (0.999, 0.999)

    def learning_rate(self, images_seen: int | float) -> float:
        """The factor of the learning rates: linear warm-up, then constant, or decay to `end`."""
        if images_seen < self.warmup:
            return images_seen / self.warmup
        if self.shape == "constant":
            return 1.0
        gone = min(1.0, (images_seen - self.warmup) / max(self.horizon - self.warmup, 1))
        left = 1.0 - gone if self.shape == "linear" else (1 + math.cos(math.pi * gone)) / 2
        return self.end + (1 - self.end) * left

    def second_beta(self, images_seen: int | float) -> float:
        """Adam's second beta, by a cosine schedule; a low initial value forgets the first steps fast."""
        start, goal = self.beta2
        gone = min(1.0, images_seen / self.horizon)
        return goal if start == goal else goal + (start - goal) * (1 + math.cos(math.pi * gone)) / 2

    def instance_noise(self, images_seen: int | float) -> float:
        """Standard deviation of instance noise on the discriminator's input, decaying to 0 (Sonderby et al. 2017)."""
        return self.noise * max(0.0, 1 - images_seen / self.horizon) if self.noise else 0.0


class Pace:
    """Applies a schedule to optimizers."""

    def __init__(self, schedule: Schedule, optimizers: Sequence[Optimizer]) -> None:
        self._schedule = schedule
        self._rates = [(optimizer, [group["lr"] for group in optimizer.param_groups]) for optimizer in optimizers]

    def take(self, images_seen: int | float) -> None:
        """Set the learning rates and betas of all optimizers for this number of images."""
        share, second = self._schedule.learning_rate(images_seen), self._schedule.second_beta(images_seen)
        for optimizer, rates in self._rates:
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
                if "betas" in group and self._schedule.beta2[0] != self._schedule.beta2[1]:
                    group["betas"] = (group["betas"][0], second)


def schedule_of(config: RunConfig) -> Schedule:
    """The schedule of a run; a horizon of `auto` is the run's length."""
    horizon = config.images if config.horizon == "auto" else config.horizon
    second = config.betas[1]
    start = second if config.beta2_start == "beta2" else config.beta2_start
    return Schedule(config.lr_schedule, config.warmup, horizon, config.instance_noise, config.lr_end, (start, second))
