"""Options shared by the commands that draw pictures."""

from typing import Annotated

import typer

from gantool.sampling.limits import MOST_TRUNCATION

ModelPath = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A run (RUN, or RUN/best), a checkpoint folder, a .safetensors file, or hf://OWNER/NAME."
    ),
]
"""The argument of `gantool.load`."""

Truncation = Annotated[
    float,
    typer.Option(
        metavar="X",
        min=0,
        max=MOST_TRUNCATION,
        help="Truncation psi: 1 disables it, 0 gives the mean picture; lower is less varied.",
    ),
]
"""Its default is 1.0."""

Level = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="Coarser resolution to draw, by its side in pixels, if the generator has it."
    ),
]
Scale = Annotated[int, typer.Option(metavar="N", min=1, max=32, help="Enlarge by this whole factor.")]
"""Its default is 1."""

SheetScale = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=32,
        help="Enlarge by this whole factor. Default: 1; sheets and walks of small pictures are enlarged to about 64 "
        "pixels.",
    ),
]
"""Its default is None."""

Device = Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps.")]
"""Its default is "auto"; `gantool.load` takes it."""

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
"""Its default is False."""

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
"""Its default is False; `result_json` prints the result."""
