"""The metrics of `gantool evaluate --metric`, with their options. This page imports no torch."""

from collections.abc import Iterator

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option


class NeighbourOptions(Options):
    """Options of `precision-recall` and `density-coverage`."""

    k: int = option(5, "neighbour that the ball around a picture reaches to", ge=1)


class SwdOptions(Options):
    """Options of `swd`."""

    patches: int = option(8192, "patches of each level, from all pictures alike", ge=64)


HOME = "gantool.builtin.metrics"
COPIES_ARE_FOUND = "what it finds are copies, so the data against itself is worst"


@hookimpl
def gantool_metrics() -> list[Component]:
    """Five metrics of features, and three of the pictures themselves."""
    return [
        _metric(
            "kid",
            "Kernel inception distance (Binkowski et al. 2018): unbiased, with its error; the headline of few pictures",
            "distances:KernelDistance",
        ),
        _metric(
            "precision-recall",
            "Shares of samples that look like the data, and of the data's variety (Kynkaanniemi et al. 2019)",
            "overlap:PrecisionRecall",
            NeighbourOptions,
        ),
        _metric(
            "density-coverage",
            "The same, less misled by outliers (Naeem et al. 2020): coverage is the share of variety",
            "overlap:DensityCoverage",
            NeighbourOptions,
        ),
        _metric(
            "frechet",
            "Frechet distance (Heusel et al. 2017): FID, where the extractor is inception; from 10,000 pictures on",
            "distances:Frechet",
        ),
        Component(
            "memorisation",
            "Share of samples that are copies of training pictures, mirrored ones too, and up to 16 closest pairs",
            Options,
            f"{HOME}.copies:Memorisation",
            waives={"the_data_itself_is_best": COPIES_ARE_FOUND},
        ),
        *_of_pictures(),
    ]


def _of_pictures() -> Iterator[Component]:
    yield _metric(
        "swd",
        "Sliced Wasserstein distance of patches at each size (Karras et al. 2018); needs no network",
        "looks:SlicedWasserstein",
        SwdOptions,
    )
    yield _metric(
        "diversity", "How much samples differ from each other, beside the data; needs no network", "looks:Diversity"
    )
    yield _metric(
        "spectrum",
        "Power of detail of each size beside the data (Durall et al. 2020): soft pictures, noise; needs no network",
        "looks:Spectrum",
    )


def _metric(name: str, summary: str, place: str, options: type[Options] = Options) -> Component:
    return Component(name, summary, options, f"{HOME}.{place}")
