"""The catalogue of adversarial losses, with their options. It imports no torch."""

from typing import Literal

from pydantic import model_validator

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option


class LossOptions(Options):
    """Options of losses that have none."""


class LogisticOptions(Options):
    """Options of `logistic` and `minimax`, which keep the discriminator from being overconfident."""

    smooth: float = option(0.0, "one-sided label smoothing: the target for reals is 1 minus this", ge=0, lt=0.5)
    flip: float = option(
        0.0, "label noise: probability that a real and a fake swap labels, for the discriminator only", ge=0, le=1
    )


class HingeOptions(Options):
    """Options of `hinge`."""

    margin: float = option(1.0, "margin: logit beyond which a sample has no gradient for the discriminator", gt=0)


class LsganOptions(Options):
    """Options of `lsgan`: the targets a, b and c of the paper."""

    fake: float = option(0.0, "the discriminator's target for fakes")
    real: float = option(1.0, "the discriminator's target for reals")
    wanted: float = option(1.0, "the generator's target for its fakes")

    @model_validator(mode="after")
    def _tells_them_apart(self) -> "LsganOptions":
        if self.real == self.fake:
            raise ValueError(
                f"real and fake are both {self.real:g}, so the discriminator has nothing to learn; give "
                "them two different targets, as in real=1,fake=0"
            )
        return self


class WassersteinOptions(Options):
    """Options of `wasserstein`."""

    drift: float = option(0.0, "weight of the squared logits of reals, which keeps them near 0 (1e-3 is usual)", ge=0)


class RelativisticOptions(Options):
    """Options of `relativistic`."""

    kind: Literal["logistic", "hinge"] = option(
        "logistic", "loss of the difference between a sample's logit and the other side's mean logit"
    )


HOME, RELATIVISTIC = "gantool.builtin.losses.losses", "gantool.builtin.losses.relativistic"
LOSSES = [
    Component(
        "logistic",
        "Non-saturating logistic loss (Goodfellow et al. 2014): the default",
        LogisticOptions,
        f"{HOME}:Logistic",
        traits=("mislabels",),
    ),
    Component(
        "minimax",
        "Saturating loss of the first paper (Goodfellow et al. 2014): weak gradients when D wins",
        LogisticOptions,
        f"{HOME}:Minimax",
        traits=("saturates", "mislabels"),
    ),
    Component(
        "hinge", "Hinge loss (Lim and Ye 2017): D ignores samples beyond the margin", HingeOptions, f"{HOME}:Hinge"
    ),
    Component(
        "lsgan",
        "Least squares loss (Mao et al. 2017): smooth gradients, no saturation",
        LsganOptions,
        f"{HOME}:LeastSquares",
    ),
    Component(
        "wasserstein",
        "Wasserstein distance (Arjovsky et al. 2017): use with --penalty gp",
        WassersteinOptions,
        f"{HOME}:Wasserstein",
        traits=("critic", "relative"),
    ),
    Component(
        "relativistic",
        "Relativistic average loss (Jolicoeur-Martineau 2018): each logit against the other side's mean",
        RelativisticOptions,
        f"{RELATIVISTIC}:RelativisticAverage",
        traits=("relative",),
    ),
    Component(
        "rpgan",
        "Relativistic pairing loss (R3GAN, Huang et al. 2025): use with --penalty r1 --penalty r2",
        LossOptions,
        f"{RELATIVISTIC}:RelativisticPairing",
        traits=("relative",),
    ),
]


@hookimpl
def gantool_losses() -> list[Component]:
    """The five classic losses, and two relativistic ones."""
    return LOSSES
