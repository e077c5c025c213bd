"""The strength of a constant augmentation for a number of pictures. It imports no torch."""

from gantool.api.specs import Setting
from gantool.builtin.augment import DiffAugmentOptions


def settle(options: DiffAugmentOptions, setting: Setting) -> tuple[DiffAugmentOptions, str]:
    """Options with the strength that suits the number of pictures, and the reason."""
    count = setting.count()
    strength = float(f"{strength_for(count):.3g}")
    return options.model_copy(update={"strength": strength}), f"strength {strength:g} for {count:,} images"


def strength_for(count: int) -> float:
    """The probability that a sample is augmented, for `count` pictures: lower with more, 0 from 100,000 on.

    It is a rule of thumb, min(0.5, (1e5 - count) * 3e-6), not from a paper; it gives 0.3 at most.
    """
    return min(0.5, max(0.0, (1e5 - count) * 3e-6))
