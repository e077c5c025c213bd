"""`gantool style`: networks that have learned one style, with which `gantool stylize` takes milliseconds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gantool.cli.arguments import takes
from gantool.cli.components import ComponentCommand, PluginsDir, complete
from gantool.cli.groups import PageGroup
from gantool.cli.model_options import Device, Json, Overwrite
from gantool.cli.seeds import LARGEST_SEED
from gantool.cli.style_options import (
    ContentWeight,
    ExtractorName,
    Precision,
    Quiet,
    StyleLossName,
    StyleWeight,
    TvWeight,
)
from gantool.engine.importing import import_torch

app = typer.Typer(cls=PageGroup, help="Train networks that stylise in milliseconds.", no_args_is_help=True)


@dataclass(frozen=True)
class StyleJob:
    """The arguments of `gantool style train`."""

    painting: Annotated[Path, typer.Argument(metavar="PAINTING", help="Style image.")]
    data: Annotated[
        list[str],
        typer.Option(
            metavar="SOURCE",
            help="Photos to learn from, as --data of train takes them; several are joined.",
            autocompletion=complete("source"),
        ),
    ]
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Output: a .safetensors file.")]
    extractor: ExtractorName = "auto"
    size: Annotated[int, typer.Option(metavar="N", help="Side of the photos in training, in pixels.")] = 256
    style_size: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=2, help="Longer side of the style image; more makes strokes larger. Default: 2 x --size."
        ),
    ] = None
    images: Annotated[int | None, typer.Option(metavar="N", min=1, help="Photos to learn from. Default: 40000.")] = None
    minutes: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.01, help="Train so long at the most; on a CPU the default is 15."),
    ] = None
    batch: Annotated[int, typer.Option(metavar="N", help="Photos of a step.")] = 2
    width: Annotated[int, typer.Option(metavar="N", help="Channels of the network; 32 is slower and better.")] = 16
    blocks: Annotated[int, typer.Option(metavar="N", help="Residual blocks of the network.")] = 5
    content_weight: ContentWeight = 3.0
    style_weight: StyleWeight = 1.0
    tv_weight: TvWeight = 1.0
    stability: Annotated[
        float,
        typer.Option(metavar="X", min=0, help="Weight of the change by noise and shifts, for films."),
    ] = 1.0
    style_loss: StyleLossName = "auto"
    init: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Style network to begin with, of this or another style; it sets the width."),
    ] = None
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on exactly with the training of -o that was interrupted.")
    ] = False
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=LARGEST_SEED, help="Random seed.")] = 0
    device: Device = "auto"
    precision: Precision = "auto"
    overwrite: Overwrite = False
    plugins_dir: PluginsDir = None
    as_json: Json = False
    quiet: Quiet = False


@app.command(cls=ComponentCommand)
@takes(StyleJob)
def train(job: StyleJob) -> None:
    """Train a network that redraws any photo in the style of a painting, in one pass.

    `gantool stylize PHOTO FILE.safetensors -o OUT` draws with it. The first
    Ctrl-C stops and saves the network so far, and beside it the state with which
    the same command and `--resume` go on; the second ends at once.
    """
    import_torch()
    from gantool.cli.style_train import run

    run(job)


@app.command()
def export(
    network: Annotated[Path, typer.Argument(metavar="NETWORK", help="Style network, a .safetensors file.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="File to write: .onnx.")],
    overwrite: Overwrite = False,
) -> None:
    """Write a style network as ONNX, and check that onnxruntime draws the same.

    The input is photos of N x 3 x H x W in [-1, 1], whose sides are multiples of 4, and the output is pictures.
    """
    import_torch()
    from gantool.cli.out_files import check_new
    from gantool.cli.output import result
    from gantool.style.exporting import export_onnx
    from gantool.style.network_file import load_style_network

    check_new(out, overwrite)
    export_onnx(*load_style_network(network), out)
    result(str(out))
