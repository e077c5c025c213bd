"""What keeps the two networks equally strong: the strategies of `--balance`. This page imports no torch."""

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option


class FixedOptions(Options):
    """Options of `fixed`."""

    d_steps: int = option(1, "batches the discriminator learns from for each one the generator learns from", ge=1)


class TturOptions(Options):
    """Options of `ttur`."""

    ratio: float = option(4.0, "the discriminator's learning rate is this many times --lr-d", gt=0)


class SkipDOptions(Options):
    """Options of `skip-d`."""

    below: float = option(0.4, "the discriminator rests while its loss is below this; a draw is 1.386 by logistic")
    floor: float = option(0.25, "the least share of the batches that it learns from", gt=0, le=1)


class AdaptiveOptions(Options):
    """Options of `adaptive`."""

    target: float = option(0.75, "share of reals the discriminator should tell for real", gt=0, lt=1)
    speed: float = option(0.05, "how fast the number of steps follows, for each batch", gt=0, le=1)
    limit: float = option(4.0, "the most batches one network learns from for each of the other's", ge=1)


@hookimpl
def gantool_balances() -> list[Component]:
    """Two that are set once, and two that watch how the discriminator does."""
    home = "gantool.builtin.balance.strategies"
    return [
        Component(
            "fixed",
            "Both networks learn from every batch, or the generator from every n-th only (Goodfellow et al. 2014)",
            FixedOptions,
            f"{home}:Fixed",
            traits=("leads",),
        ),
        Component(
            "ttur",
            "Two learning rates (Heusel et al. 2017): the discriminator's is several times the generator's",
            TturOptions,
            f"{home}:TwoTimescales",
        ),
        Component(
            "skip-d",
            "The discriminator rests while its loss is too low, but never altogether",
            SkipDOptions,
            f"{home}:SkipDiscriminator",
            traits=("low-loss",),
        ),
        Component(
            "adaptive",
            "Steps are shared out so that the discriminator is right on a set share of reals",
            AdaptiveOptions,
            f"{home}:Adaptive",
        ),
    ]
