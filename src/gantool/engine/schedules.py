"""What changes with the clock by plan: learning rates and instance noise, as pure functions of the images seen."""

import math
from dataclasses import dataclass
from typing import Literal

from gantool.config import RunConfig


@dataclass(frozen=True)
class Schedule:
    """Learning rates rise over `warmup` images and fall until `horizon`; so does the noise. Counts are in images."""

    shape: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = 0
    horizon: int = 1
    noise: float = 0.0

    def learning_rate(self, images_seen: int | float) -> float:
        """The share of the learning rates that is in force: linear warm-up, then level, or down to 0."""
        if images_seen < self.warmup:
            return images_seen / self.warmup
        if self.shape == "constant":
            return 1.0
        gone = min(1.0, (images_seen - self.warmup) / max(self.horizon - self.warmup, 1))
        return 1.0 - gone if self.shape == "linear" else (1 + math.cos(math.pi * gone)) / 2

    def instance_noise(self, images_seen: int | float) -> float:
        """Standard deviation of the noise on what the discriminator sees, falling to 0 (Sonderby et al. 2017)."""
        return self.noise * max(0.0, 1 - images_seen / self.horizon) if self.noise else 0.0


def schedule_of(config: RunConfig) -> Schedule:
    """The schedule of a run; a horizon that nobody settled is the run's length."""
    horizon = config.images if config.horizon == "auto" else config.horizon
    return Schedule(config.lr_schedule, config.warmup, horizon, config.instance_noise)
