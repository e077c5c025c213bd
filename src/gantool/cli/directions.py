"""`gantool directions`: the directions of a model's latent space, in a file and on a sheet."""

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.cli.arguments import takes
from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Device, Json, ModelPath, Overwrite, SheetScale, Truncation
from gantool.cli.seeds import LARGEST_SEED
from gantool.engine.importing import import_torch
from gantool.errors import OptionError, counted

if TYPE_CHECKING:
    from gantool.sampling.directions import Directions
    from gantool.sampling.model import Model

STEPS = (-3, -2, -1, 0, 1, 2, 3)


@dataclass(frozen=True)
class DirectionsArguments:
    """The arguments of the command."""

    model: ModelPath
    method: Annotated[
        Literal["pca", "sefa"],
        typer.Option(
            help="pca: principal components of w, or of the first layer's output; sefa: what the layers that take "
            "latents respond to most."
        ),
    ] = "pca"
    n: Annotated[int, typer.Option("-n", metavar="N", min=1, max=1000, help="Number of directions.")] = 10
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="File of the directions, .safetensors. Default: directions.safetensors beside the model.",
        ),
    ] = None
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Sheet to write: a row for each direction, from -3 to +3. .png .webp .jpg"),
    ] = None
    seed: Annotated[int, typer.Option(metavar="N", min=0, max=LARGEST_SEED, help="Seed of the sheet's picture.")] = 0
    truncation: Truncation = 1.0
    label: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Class of the sheet's picture, by name or index.")
    ] = None
    scale: SheetScale = None
    overwrite: Overwrite = False
    device: Device = "auto"
    plugins_dir: PluginsDir = None
    as_json: Json = False

    def check(self, file: Path) -> None:
        """Raise OptionError where a file cannot be written, or is there already."""
        from gantool.cli.out_files import check_new, check_out

        if file.suffix != ".safetensors":
            raise OptionError(f"--out {file}: directions are written as .safetensors.")
        check_new(file, self.overwrite)
        if self.sheet is not None:
            check_out(self.sheet, self.overwrite)


@takes(DirectionsArguments)
def directions(arguments: DirectionsArguments) -> None:
    """Find directions of the latent space along which pictures change, the strongest first.

    `gantool sample MODEL --move 3:+2` moves along the third, by two standard deviations. In w where the model has such
    a space, else in z. On one machine a model always has the same.
    """
    import_torch()
    from gantool.sampling.directions import directions_file, save_directions
    from gantool.sampling.remote import repository_of

    if arguments.out is None and repository_of(arguments.model) is not None:
        raise OptionError(
            f"{arguments.model} is on the Hub: name the file of its directions by -o, as -o FILE.safetensors."
        )
    file = directions_file(arguments.model) if arguments.out is None else arguments.out
    arguments.check(file)

    from gantool.cli import output
    from gantool.cli.progress import showing_progress
    from gantool.sampling.finding import find_directions
    from gantool.sampling.load import load

    with redirect_stdout(sys.stderr), showing_progress():  # a plugin's network may print
        model = load(arguments.model, arguments.device)
        found = find_directions(model, arguments.method, arguments.n)
        save_directions(file, found)
        if len(found) < arguments.n:
            number = counted(len(found), "direction")
            output.say(f"Found {number} and no more: along any other the pictures stay the same.")
        if arguments.sheet is not None:
            _write_sheet(arguments, model, found, arguments.sheet)
    files = [file, *([arguments.sheet] if arguments.sheet is not None else [])]
    if arguments.as_json:
        about = {"method": arguments.method, "space": found.card.space, "directions": len(found)}
        output.result_json({"files": [str(each) for each in files], **about})
    else:
        output.result("\n".join(str(each) for each in files))


def _write_sheet(arguments: DirectionsArguments, model: "Model", found: "Directions", path: Path) -> None:
    """A row for each direction, a column for each number of standard deviations."""
    import torch

    from gantool.render.grids import enlargement, sheet
    from gantool.render.pictures import save_pictures

    moves = [(number, step) for number in range(1, len(found) + 1) for step in STEPS]
    latents = model.latents([arguments.seed], arguments.label, arguments.truncation)
    moved = torch.cat([latents + found.shift({number: float(step)}) for number, step in moves])
    label = model.choose_labels([arguments.seed], arguments.label)
    images = model.render(moved, None if label is None else int(label[0]))
    captions = [f"{number}:{step:+d}" if step else f"{number}:0" for number, step in moves]
    drawn = sheet(images, len(STEPS), scale=arguments.scale or enlargement(images.shape[-1]), captions=captions)
    save_pictures([drawn], [path], arguments.overwrite)
