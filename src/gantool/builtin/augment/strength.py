"""How strong a constant augmentation should be for a number of pictures. This page imports no torch."""

from gantool.api.specs import Setting
from gantool.builtin.augment import DiffAugmentOptions


def settle(options: DiffAugmentOptions, setting: Setting) -> tuple[DiffAugmentOptions, str]:
    """Options with the strength that suits the number of pictures, and why."""
    count = setting.count()
    strength = float(f"{strength_for(count):.3g}")
    return options.model_copy(update={"strength": strength}), f"strength {strength:g} for {count:,} images"


def strength_for(count: int) -> float:
    """The chance of a sample to be augmented when there are `count` pictures: less with more, none from 100,000 on.

    A rule of thumb, min(0.5, (1e5 - count) * 3e-6), and not from a paper; it gives 0.3 at most.
    """
    return min(0.5, max(0.0, (1e5 - count) * 3e-6))
