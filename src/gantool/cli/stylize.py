"""`gantool stylize`: a photo in the manner of a painting."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from gantool.cli.components import PluginsDir, complete
from gantool.cli.model_options import Device
from gantool.errors import OptionError

ORIGINAL = "original"
SIDE = 512


def _side(text: str) -> int:
    """Pixels; 0 stands for the picture's own size."""
    if text == ORIGINAL:
        return 0
    if not text.isdecimal() or not 16 <= int(text) <= 65535:
        raise typer.BadParameter(f"{text} is neither a number of pixels from 16 to 65535 nor {ORIGINAL!r}.")
    return int(text)


def stylize(
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="The picture to be drawn anew.")],
    styles: Annotated[
        list[str],
        typer.Argument(metavar="STYLE[:WEIGHT]...", help="The pictures whose manner it gets; a weight for each."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The picture to write: .png, .jpg, .webp.")],
    extractor: Annotated[
        str,
        typer.Option(
            metavar="E",
            help="Network that sees the style: a component; auto is vgg19, or random without its weights.",
            autocompletion=complete("extractor"),
        ),
    ] = "auto",
    size: Annotated[
        int, typer.Option(metavar="N", parser=_side, help="Pixels of the longer side, or 'original'.")
    ] = SIDE,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps at each scale; more is closer.")] = 100,
    content_weight: Annotated[float, typer.Option(metavar="X", min=0, help="More keeps the photo.")] = 1.0,
    style_weight: Annotated[float, typer.Option(metavar="X", min=0, help="More follows the painting.")] = 1.0,
    tv_weight: Annotated[float, typer.Option(metavar="X", min=0, help="More is smoother.")] = 1.0,
    style_scale: Annotated[
        float, typer.Option(metavar="X", min=0.05, max=20, help="Size of the strokes: 2 makes them twice as large.")
    ] = 1.0,
    style_loss: Annotated[
        Literal["auto", "gram", "covariance", "sliced"], typer.Option(help="What of the style is compared.")
    ] = "auto",
    optimizer: Annotated[Literal["auto", "lbfgs", "adam"], typer.Option(help="How the picture is searched.")] = "auto",
    start: Annotated[Literal["content", "noise"], typer.Option(help="What the search begins with.")] = "content",
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="The same seed gives the same file.")] = 0,
    device: Device = "auto",
    precision: Annotated[Literal["auto", "float32", "bf16"], typer.Option(help="Of the extractor.")] = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    plugins_dir: PluginsDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Describe the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Warnings only.")] = False,
) -> None:
    """Draw a photo in the manner of a painting, from coarse to fine.

    The first Ctrl-C stops and writes the picture so far; the second ends at once.
    """
    from gantool.cli.stylizing import Job, check_out, run
    from gantool.style.settings import Settings

    check_out(out, overwrite)
    settings = Settings(
        content_weight=content_weight,
        style_weight=style_weight,
        tv_weight=tv_weight,
        steps=steps,
        style_scale=style_scale,
        style_loss=style_loss,
        optimizer=optimizer,
        start=start,
        seed=seed,
    )
    if not styles:
        raise OptionError("Which style? Give one picture or more after the content.")
    run(
        Job(content, styles, out, extractor, size or None, settings, device, precision),
        quiet=quiet,
        as_json=as_json,
        overwrite=overwrite,
    )
