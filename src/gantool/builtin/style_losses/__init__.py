"""The style losses of `gantool stylize --style-loss`. This page imports no torch."""

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option


class SlicedOptions(Options):
    """Options of `sliced`."""

    directions: int = option(32, "random directions of feature space at each step", ge=1)


@hookimpl
def gantool_style_losses() -> list[Component]:
    """Three distances between the statistics of features."""
    home = "gantool.builtin.style_losses"
    return [
        Component("gram", "Gram matrices (Gatys et al. 2016): the classic", Options, f"{home}.statistics:Gram"),
        Component(
            "covariance",
            "Wasserstein distance of mean and covariance (Olkin and Pukelsheim 1982)",
            Options,
            f"{home}.statistics:Covariance",
        ),
        Component(
            "sliced",
            "Sliced Wasserstein distance (Heitz et al. 2021): whole distributions of features",
            SlicedOptions,
            f"{home}.sliced:Sliced",
        ),
    ]
