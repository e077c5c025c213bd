"""Grey pictures of more than 8 bits, read in strips of rows and reduced to 8 bits."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.pictures.ranges import Kind, Range, Ranges, own_range

_STRIP = 1 << 22


def is_wide(mode: str) -> bool:
    """True if a pixel of this mode is one number of more than 8 bits."""
    return mode in ("I", "F") or mode.startswith("I;16")


def kind_of(mode: str) -> Kind:
    """The kind of numbers that a wide picture of this mode holds."""
    return "floats" if mode == "F" else "integers"


def extremes(image: Image.Image) -> Range:
    """The least and the greatest finite value of a wide picture; 0 and 0 where there is none."""
    found = [values[np.isfinite(values)] for _, values in _strips(image)]
    found = [values for values in found if values.size]
    if not found:
        return (0.0, 0.0)
    return float(min(values.min() for values in found)), float(max(values.max() for values in found))


def eight_bits(image: Image.Image, ranges: Ranges | None) -> Image.Image:
    """A wide picture as L, or LA where one value is transparent; without a range for it, by its own."""
    chosen = (ranges or {}).get(kind_of(image.mode)) or own_range(kind_of(image.mode), [extremes(image)])
    table = scaled(np.arange(1 << 16), chosen) if image.mode.startswith("I;16") else None
    key = image.info.get("transparency")
    grey = Image.new("L", image.size)
    alpha = Image.new("L", image.size) if isinstance(key, int) else None
    for box, values in _strips(image):
        grey.paste(Image.fromarray(scaled(values, chosen) if table is None else table[values]), box)
        if alpha is not None:
            alpha.paste(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)), box)
    if alpha is not None:
        grey.putalpha(alpha)
    return grey


def scaled(values: NDArray[np.generic], chosen: Range) -> NDArray[np.uint8]:
    """Values as 8 bits, clipped to the range from black to white; NaN is black."""
    black, white = chosen
    floats = np.nan_to_num(values.astype(np.float64), nan=black, posinf=white, neginf=black).clip(black, white)
    return np.rint((floats - black) * (255 / (white - black))).astype(np.uint8)


def _strips(image: Image.Image) -> Iterator[tuple[tuple[int, int, int, int], NDArray[np.generic]]]:
    """Boxes of some rows with their values, so that a large picture is never whole in memory as floats."""
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(image.height, top + rows))
        yield box, np.asarray(image.crop(box))
