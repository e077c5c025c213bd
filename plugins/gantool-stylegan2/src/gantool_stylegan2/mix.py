"""`gantool mix`: a sheet of style mixing."""

from pathlib import Path
from typing import Annotated

import typer

import gantool
from gantool import commands
from gantool.commands import Device, Json, ModelPath, Overwrite, Scale, Truncation, parse_seeds


def mix(
    model: ModelPath,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Sheet to write: .png, .webp or .jpg.")],
    rows: Annotated[str, typer.Option(metavar="SEEDS", help="Seeds of the rows: everything but the mixed styles.")] = (
        "0-3"
    ),
    cols: Annotated[str, typer.Option(metavar="SEEDS", help="Seeds of the columns: the mixed styles.")] = "4-9",
    styles: Annotated[
        str,
        typer.Option(
            metavar="LAYERS", help="Styles from the columns: coarse, middle, fine, or layers as in 0-3 or 1,5."
        ),
    ] = "coarse",
    truncation: Truncation = 1.0,
    label: Annotated[str | None, typer.Option(metavar="LABEL", help="Class of all pictures, by name or index.")] = None,
    scale: Scale = 1,
    device: Device = "auto",
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Draw a sheet on which each picture has the styles of its column and everything else of its row.

    Coarse styles are pose and shape, fine ones colours. Left and on top are the latents' own pictures, as `gantool
    sample` draws them.
    """
    left, above = parse_seeds(rows, "--rows"), parse_seeds(cols, "--cols")

    from gantool_stylegan2.mixing import mixing_table, parse_layers

    commands.check_out(out, overwrite)
    with commands.showing_progress():
        loaded = gantool.load(model, device)
        by_row, by_column = (loaded.latents(seeds, label, truncation) for seeds in (left, above))
        if loaded.space != "w" or by_row.dim() != 3:
            raise gantool.UsageError(
                f"{model} is of {loaded.card.architecture.partition(':')[0]}, whose layers have no latents of their "
                "own, so there are no styles to mix. A model of stylegan2 has them."
            )
        chosen = parse_layers(styles, by_row.shape[1])
        table = mixing_table(loaded, by_row, by_column, chosen)
        commands.save_pictures([commands.sheet(table, columns=len(above) + 1, scale=scale)], [out], overwrite)
    if as_json:
        commands.result_json({"files": [str(out)], "rows": left, "cols": above, "layers": chosen})
    else:
        commands.result(str(out))
