"""A sheet of samples with the classes below them; a line tells of those that only a number stands for."""

from collections.abc import Sequence

from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from gantool.cli.output import say
from gantool.render.captions import captions_of, numbers_told
from gantool.render.grids import LEAST_CAPTIONED, enlargement, sheet


def class_sheet(
    images: UInt8[Tensor, "n c h w"],
    columns: int | None,
    scale: int | None,
    class_names: Sequence[str],
    labels: Sequence[int],
) -> Image.Image:
    """The pictures, enlarged as on sheets of training unless `scale` says how; no labels are no captions.

    Raises OptionError as `sheet` does.
    """
    scale = scale or enlargement(images.shape[-1])
    drawn = sheet(images, columns, scale=scale, captions=captions_of(class_names, labels))
    if images.shape[-1] * scale >= LEAST_CAPTIONED and (numbers := numbers_told(class_names, labels)):
        say(f"Captions: {numbers}.")
    return drawn
