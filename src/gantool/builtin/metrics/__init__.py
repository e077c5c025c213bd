"""The metrics of `gantool evaluate --metric`, with their options. This page imports no torch."""

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option


class NeighbourOptions(Options):
    """Options of `precision-recall`."""

    k: int = option(5, "neighbour that the ball around a picture reaches to", ge=1)


@hookimpl
def gantool_metrics() -> list[Component]:
    """The metrics that come with gantool."""
    home = "gantool.builtin.metrics"
    return [
        Component(
            "kid",
            "Kernel inception distance (Binkowski et al. 2018): unbiased, with its error; the headline of few pictures",
            Options,
            f"{home}.distances:KernelDistance",
        ),
        Component(
            "precision-recall",
            "Share of samples that look like the data, and of the data's variety (Kynkaanniemi et al. 2019)",
            NeighbourOptions,
            f"{home}.overlap:PrecisionRecall",
        ),
    ]
