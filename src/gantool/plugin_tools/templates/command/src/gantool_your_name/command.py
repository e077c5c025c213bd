"""`gantool your-name`: a function in Typer's style; its docstring is the help page."""

from pathlib import Path
from typing import Annotated

import gantool
import numpy as np
import typer
from gantool import commands
from gantool.commands import ModelPath, Overwrite
from PIL import Image


def mean(
    model: ModelPath,
    samples: Annotated[int, typer.Option("--samples", "-n", min=1, help="Number of samples.")] = 256,
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write.")] = Path("your-name.png"),
    overwrite: Overwrite = False,
) -> None:
    """Draw the mean of many samples of a model.

    The sharper it is, the more alike are the samples.
    """
    commands.check_out(out, overwrite)
    with commands.showing_progress():
        pictures = [np.asarray(picture, np.float64) for picture in gantool.load(model).sample(range(samples))]
    picture = Image.fromarray(np.mean(pictures, axis=0).round().astype(np.uint8))
    commands.save_pictures([picture], [out], overwrite)
    commands.result(str(out))
