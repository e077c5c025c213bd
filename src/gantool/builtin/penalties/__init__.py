"""The catalogue of penalties, with their options. It imports no torch."""

from typing import Annotated, Literal

from pydantic import Field

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import AUTO, Component, Options, Setting, option

Gamma = Annotated[float, Field(ge=0)]
SETTLE_GAMMA = "gantool.builtin.penalties:settle_gamma"
PER_PIXEL = 2e-4
"""gamma = 2e-4 * pixels / batch (Karras et al. 2020, "limited data", appendix C)."""


class R1Options(Options):
    """Options of `r1` and `r2`."""

    weight: Gamma | Literal["auto"] = option(
        AUTO, "gamma: the loss gets gamma/2 times the squared gradient; auto: 2e-4 * resolution^2 / batch"
    )
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


def settle_gamma(options: R1Options, setting: Setting) -> tuple[R1Options, str]:
    """Options with gamma for this resolution and batch, and why."""
    gamma = float(f"{PER_PIXEL * setting.resolution**2 / setting.batch:.4g}")
    why = f"gamma = 2e-4 * {setting.resolution}^2 / batch {setting.batch}, the rule of StyleGAN2-ADA"
    return options.model_copy(update={"weight": gamma}), why


class GpOptions(Options):
    """Options of `gp`."""

    weight: float = option(10.0, "lambda: strength of the penalty", ge=0)
    target: float = option(1.0, "the gradient norm aimed at: 1, or 0 for the zero-centred penalty", ge=0)
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class DraganOptions(Options):
    """Options of `dragan`."""

    weight: float = option(10.0, "lambda: strength of the penalty", ge=0)
    target: float = option(1.0, "the gradient norm aimed at", ge=0)
    noise: float = option(0.5, "size of the perturbation of reals, in standard deviations of their pixels", ge=0)
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class DriftOptions(Options):
    """Options of `drift`."""

    weight: float = option(1e-3, "strength of the squared logits of reals", ge=0)
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class ConsistencyOptions(Options):
    """Options of `bcr`."""

    weight: float = option(10.0, "lambda: strength for reals and for fakes", ge=0)
    policy: tuple[Literal["flip", "color", "translation", "cutout"], ...] = option(
        ("flip", "translation"), "augmentations under which the discriminator should be consistent", min_length=1
    )
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class PathLengthOptions(Options):
    """Options of `path-length`."""

    weight: float = option(2.0, "strength of the penalty", ge=0)
    every: int = option(4, "apply on every n-th step, n times as strongly", ge=1)
    decay: float = option(0.01, "rate of the moving average of path lengths, the target", gt=0, le=1)


class ClipOptions(Options):
    """Options of `clip`."""

    value: float = option(0.01, "the largest absolute weight of the discriminator", gt=0)


HOME = "gantool.builtin.penalties.gradients"
PENALTIES = [
    Component(
        "r1",
        "Squared gradient norm on reals (Mescheder et al. 2018): stabilises most runs",
        R1Options,
        f"{HOME}:R1",
        settle=SETTLE_GAMMA,
        traits=("slope",),
    ),
    Component(
        "gp",
        "Gradient norm near a target, between reals and fakes (Gulrajani et al. 2017): WGAN-GP",
        GpOptions,
        f"{HOME}:GradientPenalty",
        traits=("slope",),
    ),
    Component(
        "r2",
        "Squared gradient norm on fakes (Mescheder et al. 2018): together with r1, as in R3GAN",
        R1Options,
        f"{HOME}:R2",
        settle=SETTLE_GAMMA,
        traits=("slope",),
    ),
    Component(
        "dragan",
        "Gradient norm near a target, at perturbed reals (Kodali et al. 2017)",
        DraganOptions,
        f"{HOME}:Dragan",
        traits=("slope",),
    ),
    Component(
        "drift",
        "Squared logits of reals, at the cost of a forward pass; wasserstein:drift=1e-3 costs none",
        DriftOptions,
        f"{HOME}:Drift",
    ),
    Component(
        "bcr",
        "Consistent logits after a flip or a shift (bCR, Zhao et al. 2020): for small data sets, cannot leak",
        ConsistencyOptions,
        "gantool.builtin.penalties.consistency:Consistency",
    ),
    Component(
        "clip",
        "Weight clipping of the discriminator (Arjovsky et al. 2017): for wasserstein, where gp is too slow",
        ClipOptions,
        "gantool.builtin.penalties.constraints:Clip",
        traits=("bounds",),
    ),
    Component(
        "path-length",
        "Path length regularisation of the generator (StyleGAN2, Karras et al. 2020)",
        PathLengthOptions,
        "gantool.builtin.penalties.on_generator:PathLength",
    ),
]


@hookimpl
def gantool_penalties() -> list[Component]:
    """Four gradient penalties, three that bound logits, inconsistency or weights, and one on the generator."""
    return PENALTIES
