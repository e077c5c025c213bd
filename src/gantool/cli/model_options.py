"""Options of the commands that draw, from a trained generator above all."""

from typing import Annotated

import typer

ModelPath = Annotated[
    str, typer.Argument(metavar="MODEL", help="A run folder, a checkpoint folder or a .safetensors file.")
]
"""What `gantool.load` takes."""

Truncation = Annotated[
    float,
    typer.Option(metavar="X", min=0, max=2, help="Toward the mean picture: 1 is off, 0 the mean; lower is tamer."),
]
"""Its default is 1.0."""

Level = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="A coarser resolution that the generator also draws, by its side in pixels."),
]
Scale = Annotated[int, typer.Option(metavar="N", min=1, max=32, help="Enlarge by whole pixels.")]
"""Its default is 1."""

Device = Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps.")]
"""Its default is "auto"; `gantool.load` takes it."""

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]
"""Its default is False."""

Json = Annotated[bool, typer.Option("--json", help="Tell what was made as JSON.")]
"""Its default is False; what it asks for is written by `result_json`."""
