"""The catalogue of strategies that balance the two networks (`--balance`), with their options. It imports no torch."""

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option


class FixedOptions(Options):
    """Options of `fixed`."""

    d_steps: int = option(1, "discriminator steps per generator step", ge=1)


class TturOptions(Options):
    """Options of `ttur`."""

    ratio: float = option(4.0, "factor of the discriminator's learning rate --lr-d", gt=0)


class SkipDOptions(Options):
    """Options of `skip-d`."""

    below: float = option(
        0.4, "skip discriminator steps while its loss is below this; the logistic loss of an undecided D is 1.386"
    )
    floor: float = option(0.25, "least share of batches with a discriminator step", gt=0, le=1)


class AdaptiveOptions(Options):
    """Options of `adaptive`."""

    target: float = option(0.75, "target for the discriminator's accuracy on reals", gt=0, lt=1)
    speed: float = option(0.05, "rate at which the number of steps adapts, per batch", gt=0, le=1)
    limit: float = option(4.0, "the most steps of one network per step of the other", ge=1)


@hookimpl
def gantool_balances() -> list[Component]:
    """Two constant strategies, and two that adapt to the discriminator."""
    home = "gantool.builtin.balance.strategies"
    return [
        Component(
            "fixed",
            "n discriminator steps per generator step (Goodfellow et al. 2014); by default one each",
            FixedOptions,
            f"{home}:Fixed",
            traits=("leads",),
        ),
        Component(
            "ttur",
            "Two time-scale update rule (Heusel et al. 2017): a higher learning rate for the discriminator",
            TturOptions,
            f"{home}:TwoTimescales",
        ),
        Component(
            "skip-d",
            "Skips discriminator steps while its loss is too low, but not all of them",
            SkipDOptions,
            f"{home}:SkipDiscriminator",
            traits=("low-loss",),
        ),
        Component(
            "adaptive",
            "Adapts the ratio of steps so that the discriminator's accuracy on reals meets a target",
            AdaptiveOptions,
            f"{home}:Adaptive",
        ),
    ]
