"""Colours of 16 bits a channel in PNG, TIFF and PPM, of which Pillow decodes the high bytes alone.

The low bytes are those that Pillow finds when it decodes the file once more in the opposite byte order.
"""

import re
import sys
from typing import cast

import numpy as np
from jaxtyping import UInt16
from PIL import Image, ImageFile, TiffImagePlugin

_DEEP = re.compile(r"(RGBA|RGBX|RGBa|RGB|LA);16([BLN])")
_COLOURS = ("RGB", "RGBA")
_BITS, _ALPHA, _PLANES = 258, 338, 284  # tags of a TIFF
_NATIVE = "L" if sys.byteorder == "little" else "B"

Box = tuple[int, int, int, int]
"""Left, upper, right, lower."""
_Layout = tuple[str, str]
"""The channels of a tile in Pillow's letters, and its byte order: B or L."""


def deep_mode(image: Image.Image) -> str | None:
    """`LA;16`, `RGB;16` or `RGBA;16` if a picture, not decoded yet, has such colours and `Deep` can read them."""
    layouts = _layouts(image)
    if not layouts:
        return None
    return "LA;16" if layouts[0][0] == "LA" else f"{image.mode};16"


def is_halved(image: Image.Image) -> bool:
    """True if a picture, not decoded yet, has colours of 16 bits of which only the high bytes can be read."""
    if image.mode not in _COLOURS or _layouts(image):
        return False
    return any(tile.codec_name == "SGI16" or ";16" in _raw_mode(tile) for tile in _tiles(image))


class Deep:
    """A picture for which there is a `deep_mode`, decoded: the high bytes are the pixels of `image`."""

    def __init__(self, image: Image.Image) -> None:
        source = cast(ImageFile.ImageFile, image)
        layouts = _layouts(image)
        self.image = image
        self._is_grey = layouts[0][0] == "LA"
        self._premultiplied = layouts[0][0] == "RGBa" or (_tag(image, _PLANES) == 2 and _tag(image, _ALPHA) == 1)
        self._low: Image.Image | None = None
        file = source.fp
        tiles = source.tile
        source.tile = _retiled(tiles, layouts)
        source.load()
        if not self._is_grey:
            assert file is not None
            file.seek(0)
            low = Image.open(file, formats=[str(image.format)])
            low.seek(image.tell())
            low.tile = _retiled(tiles, [(channels, "L" if order == "B" else "B") for channels, order in layouts])
            low.load()
            self._low = low

    def values(
        self, box: tuple[int, int, int, int]
    ) -> tuple[UInt16[np.ndarray, "..."], UInt16[np.ndarray, "h w"] | None]:
        """The colours in the box, `[h, w]` or `[h, w, 3]`, and their alpha if there is one."""
        high = np.asarray(self.image.crop(box)).astype(np.uint16)
        if self._low is None:  # both bytes of grey, both of alpha
            return high[..., 0] << 8 | high[..., 1], high[..., 2] << 8 | high[..., 3]
        values = high << 8 | np.asarray(self._low.crop(box))
        if values.shape[2] == 3:
            return values, None
        colours, alpha = values[..., :3], values[..., 3]
        if self._premultiplied:
            colours = np.minimum(colours * np.uint32(65535) // np.maximum(alpha, 1)[..., None], 65535).astype(np.uint16)
        return colours, alpha


def _layouts(image: Image.Image) -> list[_Layout]:
    """The layout of each tile; empty if they are not all of 16 bits, or one cannot be read in two byte orders."""
    moving = image.format == "PNG" and getattr(image, "is_animated", False)  # later frames are drawn on earlier ones
    if image.mode not in _COLOURS or image.format not in ("PNG", "TIFF", "PPM") or moving:
        return []
    found = [_layout(image, tile) for tile in _tiles(image)]
    return [] if None in found else cast(list[_Layout], found)


def _layout(image: Image.Image, tile: ImageFile._Tile) -> _Layout | None:
    raw = _raw_mode(tile)
    if tile.codec_name == "ppm":
        return (raw, "B") if tile.args == ("RGB", 65535) else None
    if _tag(image, _PLANES) == 2:  # Pillow takes the planes for ones of 8 bits; libtiff gives their high bytes alone
        return (raw.upper(), _order(image)) if tile.codec_name == "raw" and _tag(image, _BITS) == 16 else None
    match = _DEEP.fullmatch(raw)
    return None if match is None else (match[1], _NATIVE if match[2] == "N" else match[2])


def _retiled(tiles: list[ImageFile._Tile], layouts: list[_Layout]) -> list[ImageFile._Tile]:
    """The tiles to be read as in other layouts; grey with alpha as four channels of 8 bits."""
    new = []
    for tile, (channels, order) in zip(tiles, layouts, strict=True):
        raw = "RGBA" if channels == "LA" else f"{channels.replace('a', 'A')};16{order}"
        args = (raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw
        new.append(tile._replace(args=args) if tile.codec_name != "ppm" else tile._replace(codec_name="raw", args=raw))
    return new


def _tiles(image: Image.Image) -> list[ImageFile._Tile]:
    return image.tile if isinstance(image, ImageFile.ImageFile) else []


def _raw_mode(tile: ImageFile._Tile) -> str:
    raw = tile.args[0] if isinstance(tile.args, tuple) and tile.args else tile.args
    return raw if isinstance(raw, str) else ""


def _tag(image: Image.Image, number: int) -> object:
    """A tag of a TIFF, or the first of its numbers; None if there is none, or for another format."""
    value = image.tag_v2.get(number) if isinstance(image, TiffImagePlugin.TiffImageFile) else None
    return value[0] if isinstance(value, tuple) and value else value


def _order(image: Image.Image) -> str:
    return "L" if cast(TiffImagePlugin.TiffImageFile, image).tag_v2.prefix == b"II" else "B"
