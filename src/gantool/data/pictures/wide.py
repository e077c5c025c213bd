"""Pictures of more than 8 bits a channel, read in strips of rows and reduced to 8 bits."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.pictures.deep import Box, Deep, deep_mode
from gantool.data.pictures.ranges import FULL, Kind, Range, Ranges, own_range

_STRIP = 1 << 22

Values = NDArray[np.generic]


def mode_of(image: Image.Image) -> str:
    """The mode of a picture that is not decoded yet: Pillow's, or `RGB;16` and the like for colours of 16 bits."""
    return deep_mode(image) or image.mode


def is_wide(mode: str) -> bool:
    """True if a channel of this mode has more than 8 bits."""
    return mode in ("I", "F") or ";16" in mode


class Wide:
    """A picture of more than 8 bits a channel, decoded now; it must not have been decoded before."""

    def __init__(self, image: Image.Image) -> None:
        self._mode = mode_of(image)
        whole: Kind = "colours" if self._mode.startswith("RGB") else "integers"
        self.kind: Kind = "floats" if image.mode == "F" else whole
        self._image = image
        self._deep = Deep(image) if deep_mode(image) else None

    def extremes(self) -> Range:
        """The least and the greatest finite value, alpha left aside; 0 and 0 where there is none."""
        low, high = np.inf, -np.inf
        for _, colours, _ in self._strips():
            finite = colours[np.isfinite(colours)] if self.kind == "floats" else colours
            if finite.size:
                low, high = min(low, finite.min()), max(high, finite.max())
        return (float(low), float(high)) if low <= high else (0.0, 0.0)

    def eight_bits(self, ranges: Ranges | None = None) -> Image.Image:
        """The picture as L, LA, RGB or RGBA, from its range in `ranges` or else from its own. To be called last."""
        chosen = (ranges or {}).get(self.kind) or own_range(self.kind, [self.extremes()])
        table = scaled(np.arange(1 << 16), chosen) if ";16" in self._mode else None
        # Colours take the place of their high bytes, which have been read by then: another picture is too much memory.
        small = self._image if self._mode.startswith("RGB") else Image.new("L", self._image.size)
        alpha = None
        for box, colours, opacity in self._strips():
            small.paste(Image.fromarray(scaled(colours, chosen) if table is None else table[colours]), box)
            if opacity is not None:
                alpha = alpha or Image.new("L", self._image.size)
                alpha.paste(Image.fromarray(opacity), box)
        if alpha is not None:
            small.putalpha(alpha)
        small.info.pop("transparency", None)  # it is in 16 bits, and the alpha channel now
        return small

    def _strips(self) -> Iterator[tuple[Box, Values, NDArray[np.uint8] | None]]:
        """Boxes of some rows with their colours and opacity, so that a large picture is never whole in memory."""
        key = self._image.info.get("transparency")
        rows = max(1, _STRIP // self._image.width)
        for top in range(0, self._image.height, rows):
            box = (0, top, self._image.width, min(self._image.height, top + rows))
            if self._deep is None:
                colours = np.asarray(self._image.crop(box))
                yield box, colours, _keyed(colours == key) if isinstance(key, int) else None
                continue
            colours, opacity = self._deep.values(box)
            if opacity is not None:
                yield box, colours, scaled(opacity, FULL["integers"])
            else:
                yield box, colours, _keyed((colours == key).all(-1)) if isinstance(key, tuple) else None


def scaled(values: Values, chosen: Range) -> NDArray[np.uint8]:
    """Values as 8 bits, clipped to the range from black to white; NaN is black."""
    black, white = chosen
    floats = np.nan_to_num(values.astype(np.float64), nan=black, posinf=white, neginf=black).clip(black, white)
    return np.rint((floats - black) * (255 / (white - black))).astype(np.uint8)


def _keyed(transparent: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(transparent, 0, 255).astype(np.uint8)
