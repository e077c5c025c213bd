"""`gantool stylize`: neural style transfer from paintings to photos; its job, as the arguments declare it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.cli.arguments import takes
from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Device, Json, Overwrite
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
from gantool.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gantool.style.settings import Settings
    from gantool.style.transfer import State

ORIGINAL = "original"
NETWORK = ".safetensors"
SIDE = 512


def _side(text: str) -> int:
    """The side in pixels; 0 stands for the picture's own size."""
    if text == ORIGINAL:
        return 0
    if not text.isdecimal() or len(text) > 9 or not 16 <= int(text) <= 65535:
        raise typer.BadParameter(f"{text[:40]} is neither a number of pixels from 16 to 65535 nor {ORIGINAL!r}.")
    return int(text)


@dataclass(frozen=True)
class Job:
    """The arguments of the command."""

    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="Content image, or a folder of them.")]
    styles: Annotated[
        list[str],
        typer.Argument(
            metavar="STYLE[:WEIGHT]...",
            help="Style images; a folder stands for all images in it. Or a style network, a .safetensors file; or what "
            "--fast takes.",
        ),
    ]
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Output: .png .jpg .webp; for a film .gif .webp .mp4; a folder for a folder.",
        ),
    ]
    extractor: ExtractorName = "auto"
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="One pass of a plugin's style network, in milliseconds. STYLE is its name, or a picture for one that "
            "takes any.",
        ),
    ] = False
    size: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=_side, help=f"Pixels of the longer side, or 'original'. Default: {SIDE} at the most."
        ),
    ] = None
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps at full size; more lowers the loss.")] = 100
    content_weight: ContentWeight = 1.0
    style_weight: StyleWeight = 1.0
    tv_weight: TvWeight = 1.0
    style_scale: Annotated[
        float, typer.Option(metavar="X", min=0.05, max=20, help="Size of brush strokes: 2 makes them twice as large.")
    ] = 1.0
    preserve_color: Annotated[
        Literal["no", "luminance", "match"],
        typer.Option(help="Keep the content's colours: stylise only lightness, or recolour the style images first."),
    ] = "no"
    masks: Annotated[
        list[Path] | None,
        typer.Option(
            "--mask", metavar="FILE", help="Region of the first, second, ... style: white on black or transparent."
        ),
    ] = None
    strength: Annotated[
        float, typer.Option(metavar="X", min=0, max=1, help="Of a style network: its share beside the photo.")
    ] = 1.0
    start: Annotated[str, typer.Option(metavar="WHAT", help="Initial image: content, noise, or a file.")] = "content"
    scales: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=12, help="Number of resolutions, each half the next.")
    ] = None
    style_loss: StyleLossName = "auto"
    content_layers: Annotated[
        list[str] | None, typer.Option("--content-layer", metavar="LAYER[:X]", help="Layers of the content loss.")
    ] = None
    style_layers: Annotated[
        list[str] | None, typer.Option("--style-layer", metavar="LAYER[:X]", help="Layers of the style loss.")
    ] = None
    optimizer: Annotated[Literal["auto", "lbfgs", "adam"], typer.Option(help="L-BFGS, or Adam for sliced.")] = "auto"
    tile: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Side of tiles for large pictures; 0 disables tiling.")
    ] = None
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Random seed.")] = 0
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write content, styles and result side by side, a row for each photo."),
    ] = None
    save_every: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Also write the picture after every N steps.")
    ] = None
    device: Device = "auto"
    precision: Precision = "auto"
    overwrite: Overwrite = False
    plugins_dir: PluginsDir = None
    as_json: Json = False
    quiet: Quiet = False

    @property
    def longest(self) -> int | None:
        """The longer side in pixels; None for the picture's own size."""
        return SIDE if self.size is None else self.size or None

    @property
    def enlarge(self) -> bool:
        """True if a smaller picture is enlarged to that side, which is said by `--size` alone."""
        return self.size is not None

    @property
    def network(self) -> Path | None:
        """The style network, if one is given in place of style images. Raises OptionError where it is not alone."""
        named = [text for text in self.styles if f"{NETWORK}:" in f"{text.lower()}:"]
        if not named:
            return None
        if len(self.styles) > 1 or not named[0].lower().endswith(NETWORK):
            raise OptionError(f"{named[0]}: a style network has learned one style; give it alone and without a weight.")
        return Path(named[0])

    @property
    def start_file(self) -> Path | None:
        """The file that the transfer begins with, if it begins with one."""
        return None if self.start in ("content", "noise") else Path(self.start)

    def settings(self) -> "Settings":
        """The settings of the transfer. Raises OptionError for a weight that is no number."""
        from gantool.style.settings import Settings

        return Settings(
            content_weight=self.content_weight,
            style_weight=self.style_weight,
            tv_weight=self.tv_weight,
            steps=self.steps,
            scales=self.scales,
            style_scale=self.style_scale,
            optimizer=self.optimizer,
            start="noise" if self.start == "noise" else "content",
            seed=self.seed,
            preserve_color=self.preserve_color,
            tile=self.tile,
            content_layers=_layer_weights("--content-layer", self.content_layers or []),
            style_layers=_layer_weights("--style-layer", self.style_layers or []),
        )


def _layer_weights(flag: str, texts: "Sequence[str]") -> dict[str, float]:
    """Weights by layer, from texts `LAYER` or `LAYER:WEIGHT`."""
    weights = {}
    for text in texts:
        name, colon, number = text.partition(":")
        try:
            weights[name] = float(number) if colon else 1.0
        except ValueError as error:
            raise OptionError(f"{flag} {text}: the weight after the colon must be a number.") from error
    return weights


@takes(Job)
def stylize(job: Job) -> None:
    """Redraw a photo in the style of paintings, from coarse to fine.

    With a style network of `gantool style train`, or `--fast`, it takes milliseconds.
    A folder of photos is drawn one by one; a film, a GIF, or a folder with `-o film.mp4`, frame by frame. The first
    Ctrl-C stops and writes the picture so far; the second ends at once.
    """
    import_torch()
    from gantool.cli.stylize_jobs import run

    run(job)


@dataclass(frozen=True)
class StyleResult:
    """A picture that was finished, or interrupted: its files, its last state and the seconds that it took.

    `frames` has the number of frames that were drawn, and that of the film.
    """

    files: list[Path]
    last: "State"
    seconds: float
    frames: tuple[int, int] = (1, 1)

    @property
    def finished(self) -> bool:
        """True if no step and no frame is left."""
        return self.last.step == self.last.steps and self.frames[0] == self.frames[1]
