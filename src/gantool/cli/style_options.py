"""The options that `gantool stylize` and `gantool style train` share; their defaults are those of each."""

from typing import Annotated, Literal

import typer

from gantool.cli.components import complete

ExtractorName = Annotated[
    str,
    typer.Option(
        metavar="E",
        help="Feature extractor, a component; auto is vgg19, or the best at hand without its weights.",
        autocompletion=complete("extractor"),
    ),
]
ContentWeight = Annotated[float, typer.Option(metavar="X", min=0, help="Weight of the content loss.")]
StyleWeight = Annotated[float, typer.Option(metavar="X", min=0, help="Weight of the style loss.")]
TvWeight = Annotated[float, typer.Option(metavar="X", min=0, help="Weight of total variation.")]
StyleLossName = Annotated[
    str,
    typer.Option(
        metavar="L",
        help="Distance between features: a component; auto is the extractor's own, else gram.",
        autocompletion=complete("style-loss"),
    ),
]
Precision = Annotated[Literal["auto", "float32", "bf16"], typer.Option(help="Precision of the extractor.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Warnings only.")]
