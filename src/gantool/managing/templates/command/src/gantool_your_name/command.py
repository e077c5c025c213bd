"""`gantool your-name`: a function in Typer's style; its docstring is the help page."""

from pathlib import Path
from typing import Annotated

import gantool
import numpy as np
import typer
from PIL import Image


def mean(
    model: Annotated[Path, typer.Argument(help="A run, a checkpoint or a generator's .safetensors file.")],
    samples: Annotated[int, typer.Option("--samples", "-n", min=1, help="How many samples to draw.")] = 256,
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture to write.")] = Path("your-name.png"),
) -> None:
    """Draw the mean of many samples of a model.

    The sharper it is, the more alike are the samples.
    """
    pictures = [np.asarray(picture, np.float64) for picture in gantool.load(model).sample(range(samples))]
    Image.fromarray(np.mean(pictures, axis=0).round().astype(np.uint8)).save(out)
    typer.echo(out)
