"""The catalogue of differentiable augmentations for small data sets, with their options. It imports no torch."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import AUTO, Component, Options, Setting, option

Policy = Literal["color", "translation", "cutout"]
EPOCHS_BEFORE = 3
"""The epochs before which the discriminator has not memorised anything (benchmarks/recipes)."""
EPOCHS_OF_RISE = 20
"""The epochs in which the strength can rise from 0 to 1, so that it keeps up with a discriminator that memorises."""
Chance = Annotated[float, Field(ge=0, le=1)]


class DiffAugmentOptions(Options):
    """Options of `diffaugment`."""

    policy: tuple[Policy, ...] = option(
        ("color", "translation", "cutout"), "transformations, in this order", min_length=1
    )
    strength: Chance | Literal["auto"] = option(
        1.0, "probability that a sample is augmented; auto: lower with more images"
    )
    fill: Literal["grey", "mirror"] = option(
        "grey", "border of a translation: middle grey as in the paper, or the mirrored picture, which cannot leak grey"
    )
    after: Annotated[int, Field(ge=0)] | Literal["auto"] = option(
        0, "images before which nothing is augmented; auto: three epochs"
    )
    rise: Annotated[float, Field(ge=0)] | Literal["auto"] = option(
        0.0,
        "thousands of images in which the strength can rise from 0 to 1 while the discriminator overfits; 0: it stays; "
        "auto: twenty epochs",
    )
    target: float = option(
        0.9, "for rise: the mean sign of the reals' logits above which the discriminator overfits", gt=-1, lt=1
    )

    @property
    def fixed(self) -> bool:
        """True unless the strength adapts to the discriminator."""
        return not self.rise

    @field_validator("policy")
    @classmethod
    def _is_without_repeats(cls, value: tuple[Policy, ...]) -> tuple[Policy, ...]:
        if len(set(value)) < len(value):
            raise ValueError("it names a transformation twice")
        return value


def settle(options: DiffAugmentOptions, setting: Setting) -> tuple[DiffAugmentOptions, str]:
    """Options with the strength and the beginning that suit the number of pictures, and the reason."""
    count = setting.count()
    chosen: dict[str, float] = {}
    why = []
    if options.strength == AUTO:
        chosen["strength"] = float(f"{strength_for(count):.3g}")
        why.append(f"strength {chosen['strength']:g} for {count:,} images")
    if options.after == AUTO:
        chosen["after"] = EPOCHS_BEFORE * count
        why.append(f"from epoch {EPOCHS_BEFORE + 1} on")
    if options.rise == AUTO:
        chosen["rise"] = float(f"{EPOCHS_OF_RISE * count / 1000:.3g}")
        why.append("rising while D tells nearly all reals")
    if setting.images <= chosen.get("after", 0):
        why = [f"it would begin after {chosen['after']:,} images, and this run ends before, at {setting.images:,}"]
    return options.model_copy(update=chosen), ", ".join(why)


def strength_for(count: int) -> float:
    """The probability that a sample is augmented, for `count` pictures: lower with more, 0 from 100,000 on.

    It is a rule of thumb, not from a paper, and gives 0.3 at most.
    """
    return max(0.0, (1e5 - count) * 3e-6)


class AdaOptions(Options):
    """Options of `ada`."""

    p: float = option(0.0, "initial probability of each transformation", ge=0, le=1)
    target: float = option(
        0.6, "target for the mean sign of the reals' logits; above it D overfits and p grows", gt=-1, lt=1
    )
    kimg: float = option(500.0, "thousands of images in which p can go from 0 to 1", gt=0)
    every: int = option(4, "batches between two updates of p", ge=1)
    fixed: bool = option(False, "keep p constant")

    @model_validator(mode="after")
    def _does_something(self) -> "AdaOptions":
        if self.fixed and self.p == 0:
            raise ValueError("fixed=yes keeps p at 0, where nothing is augmented: give p too")
        return self


@hookimpl
def gantool_augmentations() -> list[Component]:
    """An augmentation of constant or rising strength, and one that adapts to the discriminator's overfitting."""
    return [
        Component(
            "diffaugment",
            "Colour, translation and cutout (Zhao et al. 2020): for less than about 10,000 pictures",
            DiffAugmentOptions,
            "gantool.builtin.augment.diffaugment:build",
            settle="gantool.builtin.augment:settle",
            traits=("signs",),
        ),
        Component(
            "ada",
            "Adaptive strength (Karras et al. 2020), controlled by the discriminator's overfitting",
            AdaOptions,
            "gantool.builtin.augment.ada:Ada",
            traits=("signs",),
        ),
    ]
