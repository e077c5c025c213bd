"""What every command that draws from a trained generator takes."""

from typing import Annotated

import typer

ModelPath = Annotated[
    str, typer.Argument(metavar="MODEL", help="A run folder, a checkpoint folder or a .safetensors file.")
]
Truncation = Annotated[
    float,
    typer.Option(metavar="X", min=0, max=2, help="Toward the mean picture: 1 is off, 0 the mean; lower is tamer."),
]
Level = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="A coarser resolution that the generator also draws, by its side in pixels."),
]
Scale = Annotated[int, typer.Option(metavar="N", min=1, max=32, help="Enlarge by whole pixels.")]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps.")]
