"""Schedules of learning rate, Adam's second beta and instance noise, as pure functions of images seen."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch.optim import Optimizer

from gantool.api.run_config import RunConfig


@dataclass(frozen=True)
class Schedule:
    """A schedule of learning rates, Adam's second beta and instance noise; all times are in images.

    Rates rise over `warmup`, stay for the share `hold` of the images from there to `horizon`, and have the share `end`
    of themselves from `horizon` on. By then noise has fallen to 0, and Adam's second beta has gone from `beta2_start`,
    if there is one, to its own value.
    """

    shape: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = 0
    horizon: int = 1
    noise: float = 0.0
    end: float = 0.0
    beta2_start: float | None = None
    hold: float = 0.0

    @property
    def falls_from(self) -> int:
        """The images at which the learning rates begin to fall, unless they are constant."""
        return self.warmup + round(self.hold * (self.horizon - self.warmup))

    def learning_rate(self, images_seen: int | float) -> float:
        """The factor of the learning rates: linear warm-up, then constant, or decay to `end`."""
        if images_seen < self.warmup:
            return images_seen / self.warmup
        if self.shape == "constant":
            return 1.0
        gone = min(1.0, max(0.0, (images_seen - self.falls_from) / max(self.horizon - self.falls_from, 1)))
        left = 1.0 - gone if self.shape == "linear" else (1 + math.cos(math.pi * gone)) / 2
        return self.end + (1 - self.end) * left

    def second_beta(self, images_seen: int | float, goal: float) -> float:
        """Adam's second beta on its way to `goal`, by a cosine; a low initial value forgets the first steps fast."""
        if self.beta2_start is None:
            return goal
        gone = min(1.0, images_seen / self.horizon)
        return goal + (self.beta2_start - goal) * (1 + math.cos(math.pi * gone)) / 2

    def instance_noise(self, images_seen: int | float) -> float:
        """Standard deviation of instance noise on the discriminator's input, decaying to 0 (Sonderby et al. 2017)."""
        return self.noise * max(0.0, 1 - images_seen / self.horizon) if self.noise else 0.0


def _single(value: float) -> float:
    """The nearest number that a float32 holds."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


class Pace:
    """Applies a schedule to optimizers; on a GPU learning rates are rounded to float32, as CUDA graphs read them."""

    def __init__(self, schedule: Schedule, optimizers: Sequence[Optimizer]) -> None:
        self._schedule = schedule
        self._own = [
            (optimizer, [(group["lr"], group.get("betas")) for group in optimizer.param_groups])
            for optimizer in optimizers
        ]

    def take(self, images_seen: int | float) -> None:
        """Set the learning rates and betas of all optimizers for this number of images."""
        share = self._schedule.learning_rate(images_seen)
        for optimizer, own in self._own:  # a resume gives an optimizer other groups, so they are not kept here
            for group, (rate, betas) in zip(optimizer.param_groups, own, strict=True):
                on_gpu = any(weight.is_cuda for weight in group["params"])
                group["lr"] = _single(rate * share) if on_gpu else rate * share
                if betas is not None and self._schedule.beta2_start is not None:
                    group["betas"] = (betas[0], self._schedule.second_beta(images_seen, betas[1]))


def schedule_of(config: RunConfig) -> Schedule:
    """The schedule of a run; a horizon of `auto` is the run's length."""
    horizon = config.images if config.horizon == "auto" else config.horizon
    start = None if config.beta2_start == "beta2" else config.beta2_start
    return Schedule(
        config.lr_schedule, config.warmup, horizon, config.instance_noise, config.lr_end, start, config.lr_hold
    )


def rests_before(config: RunConfig, images: int) -> bool:
    """True if the learning rates of a run have fallen to 0 before so many images, so that nothing more is learnt."""
    ends = config.lr_schedule != "constant" and not config.lr_end
    return ends and config.horizon != "auto" and config.horizon < images
