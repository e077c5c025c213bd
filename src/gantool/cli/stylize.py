"""`gantool stylize`: neural style transfer from paintings to photos."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from gantool.cli.components import PluginsDir, complete
from gantool.cli.model_options import Device, Json, Overwrite

ORIGINAL = "original"
SIDE = 512


def _side(given: str | int) -> int:
    """The side in pixels; 0 stands for the picture's own size. Typer passes the default through here as well."""
    text = str(given)
    if text == ORIGINAL:
        return 0
    if not text.isdecimal() or not 16 <= int(text) <= 65535:
        raise typer.BadParameter(f"{text} is neither a number of pixels from 16 to 65535 nor {ORIGINAL!r}.")
    return int(text)


def stylize(
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="Content image, or a folder of them.")],
    styles: Annotated[
        list[str],
        typer.Argument(metavar="STYLE[:WEIGHT]...", help="Style images; a folder stands for all images in it."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Output: .png .jpg .webp; for a film .gif .webp .mp4; a folder for a folder.",
        ),
    ],
    extractor: Annotated[
        str,
        typer.Option(
            metavar="E",
            help="Feature extractor, a component; auto is vgg19, or random without its weights.",
            autocompletion=complete("extractor"),
        ),
    ] = "auto",
    size: Annotated[
        int, typer.Option(metavar="N", parser=_side, help="Pixels of the longer side, or 'original'.")
    ] = SIDE,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps at full size; more lowers the loss.")] = 100,
    content_weight: Annotated[float, typer.Option(metavar="X", min=0, help="Weight of the content loss.")] = 1.0,
    style_weight: Annotated[float, typer.Option(metavar="X", min=0, help="Weight of the style loss.")] = 1.0,
    tv_weight: Annotated[float, typer.Option(metavar="X", min=0, help="Weight of total variation.")] = 1.0,
    style_scale: Annotated[
        float, typer.Option(metavar="X", min=0.05, max=20, help="Size of brush strokes: 2 makes them twice as large.")
    ] = 1.0,
    preserve_color: Annotated[
        Literal["no", "luminance", "match"],
        typer.Option(help="Keep the content's colours: stylise only lightness, or recolour the style images first."),
    ] = "no",
    masks: Annotated[
        list[Path] | None,
        typer.Option("--mask", metavar="FILE", help="Region of the first, second, ... style: white on black."),
    ] = None,
    start: Annotated[str, typer.Option(metavar="WHAT", help="Initial image: content, noise, or a file.")] = "content",
    scales: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=12, help="Number of resolutions, each half the next.")
    ] = None,
    style_loss: Annotated[
        str,
        typer.Option(
            metavar="L",
            help="Distance between features: a component; auto is the extractor's own, else gram.",
            autocompletion=complete("style-loss"),
        ),
    ] = "auto",
    content_layers: Annotated[
        list[str] | None, typer.Option("--content-layer", metavar="LAYER[:X]", help="Layers of the content loss.")
    ] = None,
    style_layers: Annotated[
        list[str] | None, typer.Option("--style-layer", metavar="LAYER[:X]", help="Layers of the style loss.")
    ] = None,
    optimizer: Annotated[Literal["auto", "lbfgs", "adam"], typer.Option(help="L-BFGS, or Adam for sliced.")] = "auto",
    tile: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Side of tiles for large pictures; 0 disables tiling.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Random seed.")] = 0,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write content, styles and result side by side.")
    ] = None,
    save_every: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Also write the picture after every N steps.")
    ] = None,
    device: Device = "auto",
    precision: Annotated[Literal["auto", "float32", "bf16"], typer.Option(help="Precision of the extractor.")] = "auto",
    overwrite: Overwrite = False,
    plugins_dir: PluginsDir = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Warnings only.")] = False,
) -> None:
    """Redraw a photo in the style of paintings, from coarse to fine.

    A folder of photos is drawn one by one; a film, a GIF, or a folder with `-o film.mp4`, frame by frame. The first
    Ctrl-C stops and writes the picture so far; the second ends at once.
    """
    from gantool.cli.stylize_display import layer_weights
    from gantool.cli.stylize_job import Job
    from gantool.cli.stylize_jobs import run
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
