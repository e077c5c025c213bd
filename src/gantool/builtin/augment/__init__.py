"""Differentiable augmentations of reals and fakes alike, for small data: their options. This page imports no torch."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option

Policy = Literal["color", "translation", "cutout"]
Chance = Annotated[float, Field(ge=0, le=1)]


class DiffAugmentOptions(Options):
    """Options of `diffaugment`."""

    policy: tuple[Policy, ...] = option(("color", "translation", "cutout"), "what is done, in this order", min_length=1)
    strength: Chance | Literal["auto"] = option(
        1.0, "chance of a sample to be augmented at all; auto: the less the more images there are"
    )

    @field_validator("policy")
    @classmethod
    def _is_without_repeats(cls, value: tuple[Policy, ...]) -> tuple[Policy, ...]:
        if len(set(value)) < len(value):
            raise ValueError("it names something twice")
        return value


class AdaOptions(Options):
    """Options of `ada`."""

    p: float = option(0.0, "chance of each transformation when the run begins", ge=0, le=1)
    target: float = option(0.6, "mean sign of the reals' logits that p steers by: above it D overfits", gt=-1, lt=1)
    kimg: float = option(500.0, "thousands of images in which p goes from 0 to 1", gt=0)
    every: int = option(4, "batches between two changes of p", ge=1)
    fixed: bool = option(False, "hold p as it is")

    @model_validator(mode="after")
    def _does_something(self) -> "AdaOptions":
        if self.fixed and self.p == 0:
            raise ValueError("fixed=yes holds p at 0, where nothing is augmented: give p too")
        return self


@hookimpl
def gantool_augmentations() -> list[Component]:
    """One of constant strength, and one that adapts to how much the discriminator overfits."""
    return [
        Component(
            "diffaugment",
            "Colour, shifts and cut-out squares (Zhao et al. 2020): for less than about 10,000 pictures",
            DiffAugmentOptions,
            "gantool.builtin.augment.diffaugment:DiffAugment",
            settle="gantool.builtin.augment.strength:settle",
        ),
        Component(
            "ada",
            "Adaptive strength (Karras et al. 2020): as much as the discriminator's overfitting asks for",
            AdaOptions,
            "gantool.builtin.augment.ada:Ada",
            traits=("signs",),
        ),
    ]
