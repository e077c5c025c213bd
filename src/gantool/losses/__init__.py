"""Adversarial losses and penalties: their options. This page imports no torch."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gantool.components import AUTO, Component, Options, option
from gantool.hookspecs import hookimpl


class LossOptions(Options):
    """For losses without options."""


class LogisticOptions(Options):
    """Options of `logistic` and `minimax`: what the discriminator is told, which keeps it from being too sure."""

    smooth: float = option(0.0, "one-sided label smoothing: the target for reals is 1 less this", ge=0, lt=0.5)
    flip: float = option(0.0, "chance of a real and a fake to change labels, for the discriminator only", ge=0, le=1)


class HingeOptions(Options):
    """Options of `hinge`."""

    margin: float = option(1.0, "logit beyond which a sample no longer teaches the discriminator", gt=0)


class LsganOptions(Options):
    """Options of `lsgan`: the targets a, b and c of the paper."""

    fake: float = option(0.0, "the discriminator's target for fakes")
    real: float = option(1.0, "the discriminator's target for reals")
    wanted: float = option(1.0, "the generator's target for its fakes")

    @model_validator(mode="after")
    def _tells_them_apart(self) -> "LsganOptions":
        if self.real == self.fake:
            raise ValueError(
                f"real and fake are both {self.real:g}, by which the discriminator learns to tell nothing apart; give "
                "them two different targets, as in real=1,fake=0"
            )
        return self


class WassersteinOptions(Options):
    """Options of `wasserstein`."""

    drift: float = option(0.0, "weight of the squared logits of reals, which keeps them near 0 (1e-3 is usual)", ge=0)


class RelativisticOptions(Options):
    """Options of `relativistic`."""

    kind: Literal["logistic", "hinge"] = option("logistic", "how a sample's lead over the other kind's average counts")


Gamma = Annotated[float, Field(ge=0)]
SETTLE_GAMMA = "gantool.losses.gamma:settle"


class R1Options(Options):
    """Options of `r1` and `r2`."""

    weight: Gamma | Literal["auto"] = option(
        AUTO, "gamma: the loss gets gamma/2 times the squared gradient; auto: 2e-4 * resolution^2 / batch"
    )
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class GpOptions(Options):
    """Options of `gp`."""

    weight: float = option(10.0, "lambda: strength of the penalty", ge=0)
    target: float = option(1.0, "the gradient norm aimed at: 1, or 0 for the zero-centred penalty", ge=0)
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class DraganOptions(Options):
    """Options of `dragan`."""

    weight: float = option(10.0, "lambda: strength of the penalty", ge=0)
    target: float = option(1.0, "the gradient norm aimed at", ge=0)
    noise: float = option(0.5, "how far around reals it looks, in standard deviations of their pixels", ge=0)
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class DriftOptions(Options):
    """Options of `drift`."""

    weight: float = option(1e-3, "strength of the squared logits of reals", ge=0)
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class ConsistencyOptions(Options):
    """Options of `bcr`."""

    weight: float = option(10.0, "lambda: strength for reals and for fakes", ge=0)
    policy: tuple[Literal["flip", "color", "translation", "cutout"], ...] = option(
        ("flip", "translation"), "changes that should not matter to the discriminator", min_length=1
    )
    every: int = option(1, "apply on every n-th step, n times as strongly", ge=1)


class PathLengthOptions(Options):
    """Options of `path-length`."""

    weight: float = option(2.0, "strength of the penalty", ge=0)
    every: int = option(4, "apply on every n-th step, n times as strongly", ge=1)
    decay: float = option(0.01, "how fast the length aimed at follows the lengths seen", gt=0, le=1)


class ClipOptions(Options):
    """Options of `clip`."""

    value: float = option(0.01, "the largest weight of the discriminator, either way", gt=0)


@hookimpl
def gantool_losses() -> list[Component]:
    """The five classic losses, and two that compare reals with fakes."""
    home, relativistic = "gantool.losses.losses", "gantool.losses.relativistic"
    return [
        Component(
            "logistic",
            "Non-saturating logistic loss (Goodfellow et al. 2014): the default",
            LogisticOptions,
            f"{home}:Logistic",
            traits=("mislabels",),
        ),
        Component(
            "minimax",
            "The saturating game of the first paper; weak gradients when D wins",
            LogisticOptions,
            f"{home}:Minimax",
            traits=("saturates", "mislabels"),
        ),
        Component(
            "hinge",
            "Hinge loss (Lim and Ye 2017): D ignores what it already tells apart",
            HingeOptions,
            f"{home}:Hinge",
        ),
        Component(
            "lsgan",
            "Least squares (Mao et al. 2017): smooth gradients, no saturation",
            LsganOptions,
            f"{home}:LeastSquares",
        ),
        Component(
            "wasserstein",
            "Wasserstein distance (Arjovsky et al. 2017): use with --penalty gp",
            WassersteinOptions,
            f"{home}:Wasserstein",
            traits=("critic", "relative"),
        ),
        Component(
            "relativistic",
            "More real than the average fake (Jolicoeur-Martineau 2018): the generator sees reals too",
            RelativisticOptions,
            f"{relativistic}:RelativisticAverage",
            traits=("relative",),
        ),
        Component(
            "rpgan",
            "More real than the fake beside it (R3GAN, Huang et al. 2025): use with --penalty r1 --penalty r2",
            LossOptions,
            f"{relativistic}:RelativisticPairing",
            traits=("relative",),
        ),
    ]


@hookimpl
def gantool_penalties() -> list[Component]:
    """Four smooth the discriminator at reals, at fakes, between and around them; three hold level, answers or weights.

    The last one is the generator's.
    """
    home = "gantool.losses.penalties"
    return [
        Component(
            "r1",
            "Squared gradient on reals (Mescheder et al. 2018): steadies most runs",
            R1Options,
            f"{home}:R1",
            settle=SETTLE_GAMMA,
            traits=("slope",),
        ),
        Component(
            "gp",
            "Gradient norm near a target between real and fake (Gulrajani et al. 2017)",
            GpOptions,
            f"{home}:GradientPenalty",
            traits=("slope",),
        ),
        Component(
            "r2",
            "Squared gradient on fakes (Mescheder et al. 2018): beside r1, as R3GAN has it",
            R1Options,
            f"{home}:R2",
            settle=SETTLE_GAMMA,
            traits=("slope",),
        ),
        Component(
            "dragan",
            "Gradient norm near a target around disturbed reals (Kodali et al. 2017)",
            DraganOptions,
            f"{home}:Dragan",
            traits=("slope",),
        ),
        Component(
            "drift",
            "Squared logits of reals, at a forward pass of its own; wasserstein:drift=1e-3 has it for free",
            DriftOptions,
            f"{home}:Drift",
        ),
        Component(
            "bcr",
            "The same answer after a flip or a shift (bCR, Zhao et al. 2020): for small data, and cannot leak",
            ConsistencyOptions,
            "gantool.losses.consistency:Consistency",
        ),
        Component(
            "clip",
            "Weights of the discriminator kept small (Arjovsky et al. 2017): for wasserstein, where gp is too slow",
            ClipOptions,
            "gantool.losses.constraints:Clip",
            traits=("bounds",),
        ),
        Component(
            "path-length",
            "Equal steps of the latent change pictures equally (StyleGAN2, Karras et al. 2020): acts on the generator",
            PathLengthOptions,
            "gantool.losses.on_generator:PathLength",
        ),
    ]
