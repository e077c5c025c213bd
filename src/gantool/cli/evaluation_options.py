"""The options of commands that measure models: `gantool evaluate` and `gantool compare`."""

from typing import TYPE_CHECKING, Annotated

import typer

from gantool.cli.components import complete
from gantool.cli.seeds import LARGEST_SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gantool.evaluation.settings import Settings

MOST = 1_000_000

DataSources = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SOURCE",
        help="Pictures to compare with, as --data of train takes them. Default: those of the model's run.",
        autocompletion=complete("source"),
    ),
]
Samples = Annotated[
    int, typer.Option("-n", "--samples", metavar="N", min=2, max=MOST, help="Samples; at most half of the data.")
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        metavar="M",
        help="Metric, a component; repeat it for several. Default: all of gantool's but frechet.",
        autocompletion=complete("metric"),
    ),
]
ExtractorName = Annotated[
    str,
    typer.Option(
        metavar="E",
        help="Network whose features are compared, a component; auto is efficientnet where it is installed, else "
        "squeezenet where its weights are in the cache, else random; never one by which the model learnt.",
        autocompletion=complete("extractor"),
    ),
]
EvaluationSeed = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, max=LARGEST_SEED, help="Random seed of the halves of the data, and of the samples."
    ),
]
AtOnce = Annotated[int, typer.Option(metavar="N", min=1, help="Pictures at once in the extractor.")]


def settings_of(
    data: "Sequence[str] | None",
    n: int,
    metrics: "Sequence[str] | None",
    extractor: str,
    seed: int,
    device: str,
    batch: int,
    classes: "Sequence[str] | None" = (),
) -> "Settings":
    """The settings of an evaluation, from the values of these options."""
    from gantool.evaluation.settings import STANDARD, Settings
    from gantool.run.joined import joined_text

    text = joined_text(data) if data else None
    return Settings(text, n, metrics or STANDARD, extractor, classes, seed, device, batch)
