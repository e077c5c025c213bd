"""`gantool stylize`: a photo in the manner of a painting."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from gantool.cli.components import PluginsDir, complete
from gantool.cli.model_options import Device, Json, Overwrite

ORIGINAL = "original"
SIDE = 512


def _side(given: str | int) -> int:
    """Pixels; 0 stands for the picture's own size. Typer sends the default through here as well."""
    text = str(given)
    if text == ORIGINAL:
        return 0
    if not text.isdecimal() or not 16 <= int(text) <= 65535:
        raise typer.BadParameter(f"{text} is neither a number of pixels from 16 to 65535 nor {ORIGINAL!r}.")
    return int(text)


def stylize(
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="The picture to be drawn anew, or a folder.")],
    styles: Annotated[
        list[str],
        typer.Argument(metavar="STYLE[:WEIGHT]...", help="The pictures whose manner it gets; a folder is all of it."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="What to write: .png .jpg .webp; for a film .gif .webp .mp4; a folder for a folder.",
        ),
    ],
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
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps at full size; more is closer.")] = 100,
    content_weight: Annotated[float, typer.Option(metavar="X", min=0, help="More keeps the photo.")] = 1.0,
    style_weight: Annotated[float, typer.Option(metavar="X", min=0, help="More follows the painting.")] = 1.0,
    tv_weight: Annotated[float, typer.Option(metavar="X", min=0, help="More is smoother.")] = 1.0,
    style_scale: Annotated[
        float, typer.Option(metavar="X", min=0.05, max=20, help="Size of the strokes: 2 makes them twice as large.")
    ] = 1.0,
    preserve_color: Annotated[
        Literal["no", "luminance", "match"],
        typer.Option(help="Keep the photo's colours: stylise lightness alone, or recolour the painting first."),
    ] = "no",
    masks: Annotated[
        list[Path] | None,
        typer.Option("--mask", metavar="FILE", help="Where the first, second, ... style goes: white on black."),
    ] = None,
    start: Annotated[str, typer.Option(metavar="WHAT", help="Begin with content, noise, or a picture.")] = "content",
    scales: Annotated[int | None, typer.Option(metavar="N", min=1, max=12, help="Sizes, each half the next.")] = None,
    style_loss: Annotated[
        str,
        typer.Option(
            metavar="L",
            help="Distance between features: a component; auto is the extractor's own, else gram.",
            autocompletion=complete("style-loss"),
        ),
    ] = "auto",
    content_layers: Annotated[
        list[str] | None, typer.Option("--content-layer", metavar="LAYER[:X]", help="Where content is compared.")
    ] = None,
    style_layers: Annotated[
        list[str] | None, typer.Option("--style-layer", metavar="LAYER[:X]", help="Where style is compared.")
    ] = None,
    optimizer: Annotated[Literal["auto", "lbfgs", "adam"], typer.Option(help="How the picture is searched.")] = "auto",
    tile: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Side of tiles, for large pictures; 0 never.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="The same seed gives the same file.")] = 0,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write content, styles and result side by side.")
    ] = None,
    save_every: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Also keep the picture after every N steps.")
    ] = None,
    device: Device = "auto",
    precision: Annotated[Literal["auto", "float32", "bf16"], typer.Option(help="Of the extractor.")] = "auto",
    overwrite: Overwrite = False,
    plugins_dir: PluginsDir = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Warnings only.")] = False,
) -> None:
    """Draw a photo in the manner of a painting, from coarse to fine.

    A folder of photos is drawn one by one; a film, a GIF, or a folder with `-o film.mp4`, frame by frame. The first
    Ctrl-C stops and writes the picture so far; the second ends at once.
    """
    from gantool.cli.stylize_job import Job
    from gantool.cli.stylize_jobs import run
    from gantool.cli.stylize_words import layer_weights
    from gantool.style.settings import Settings

    settings = Settings(
        content_weight=content_weight,
        style_weight=style_weight,
        tv_weight=tv_weight,
        steps=steps,
        scales=scales,
        style_scale=style_scale,
        optimizer=optimizer,
        start="noise" if start == "noise" else "content",
        seed=seed,
        preserve_color=preserve_color,
        tile=tile,
        content_layers=layer_weights("--content-layer", content_layers or []),
        style_layers=layer_weights("--style-layer", style_layers or []),
    )
    job = Job(
        content=content,
        styles=styles,
        out=out,
        extractor=extractor,
        size=size or None,
        settings=settings,
        style_loss=style_loss,
        masks=masks or [],
        start=None if start in ("content", "noise") else Path(start),
        sheet=sheet,
        save_every=save_every,
        device=device,
        precision=precision,
        overwrite=overwrite,
        quiet=quiet,
    )
    run(job, as_json)
