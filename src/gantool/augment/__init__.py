"""Differentiable augmentations of reals and fakes alike, for small data: their options. This page imports no torch."""

from typing import Literal

from pydantic import field_validator

from gantool.components import Component, Options, option
from gantool.hookspecs import hookimpl

Policy = Literal["color", "translation", "cutout"]


class DiffAugmentOptions(Options):
    """Options of `diffaugment`."""

    policy: tuple[Policy, ...] = option(("color", "translation", "cutout"), "what is done, in this order", min_length=1)
    strength: float = option(1.0, "chance of a sample to be augmented at all", ge=0, le=1)

    @field_validator("policy")
    @classmethod
    def _is_without_repeats(cls, value: tuple[Policy, ...]) -> tuple[Policy, ...]:
        if len(set(value)) < len(value):
            raise ValueError("it names something twice")
        return value


@hookimpl
def gantool_augmentations() -> list[Component]:
    """One of constant strength."""
    return [
        Component(
            "diffaugment",
            "Colour, shifts and cut-out squares (Zhao et al. 2020): from some hundred pictures on",
            DiffAugmentOptions,
            "gantool.augment.diffaugment:DiffAugment",
        ),
    ]
