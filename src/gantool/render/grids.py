"""Contact sheets: many pictures side by side on one, in unchanged colours."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from gantool.errors import OptionError
from gantool.pixels import ALPHA_CHANNELS, has_alpha
from gantool.render.pictures import on_checkerboard, to_pil, upscale

PAPER, INK = 255, 64
CAPTION, LETTERS, LEAST_CAPTIONED = 14, 10, 32
"""The height of a line of captions, and of its letters, and the least width for a name, in pixels of the sheet."""
ROW_MARGIN = 8
SMALL = 64
"""Pictures of fewer pixels a side are enlarged on sheets, of training too, where nobody says by how much."""
LARGEST_SHEET = 2**28  # pixels; beyond it viewers give up


def sheet(
    images: UInt8[Tensor, "n c h w"],
    columns: int | None = None,
    margin: int | None = None,
    scale: int = 1,
    transparent: bool = False,
    captions: Sequence[str] = (),
) -> Image.Image:
    """All pictures on white, row by row, nearly square unless `columns` says otherwise; `captions` stand below them.

    Those with alpha lie on a checkerboard; with `transparent` they keep it, on a transparent sheet. `scale` enlarges
    each picture by whole pixels; `margin` is in pixels of the sheet (None: a thirty-second of a picture). Raises
    OptionError when the sheet would be too large.
    """
    count, channels, height, width = images.shape
    if count == 0:
        raise OptionError("There is no picture to put on a sheet.")
    columns = columns or near_square(count)
    rows = math.ceil(count / columns)
    margin = max(2, width * scale // 32) if margin is None else margin
    captions = captions if width * scale >= LEAST_CAPTIONED else ()
    strip = CAPTION if captions else 0
    cell_height, cell_width = height * scale + margin + strip, width * scale + margin
    size = (rows * cell_height + margin, columns * cell_width + margin)
    if size[0] * size[1] > LARGEST_SHEET:
        raise OptionError(
            f"A sheet of {count} pictures at {width * scale} pixels would be {size[1]} by {size[0]} pixels: ask for "
            "fewer pictures or a smaller scale."
        )
    kept = 3 if has_alpha(images) and not transparent else channels
    canvas = torch.full((kept, *size), 0 if kept == ALPHA_CHANNELS else PAPER, dtype=torch.uint8)
    for index, image in enumerate(upscale(images.cpu(), scale)):
        top = margin + index // columns * cell_height
        left = margin + index % columns * cell_width
        seen = image if kept == channels else on_checkerboard(image)
        canvas[:, top : top + height * scale, left : left + width * scale] = seen
    drawn = to_pil(canvas)
    for index, caption in enumerate(captions):
        left, top = margin + index % columns * cell_width, (index // columns + 1) * cell_height - strip
        _write(drawn, caption, left, top, width * scale)
    return drawn


def _write(drawn: Image.Image, text: str, left: int, top: int, width: int) -> None:
    font = ImageFont.load_default(LETTERS)
    ink = INK if drawn.mode == "L" else (INK,) * 3
    ImageDraw.Draw(drawn).text((left + width / 2, top), _fitting(text, font, width), ink, font, anchor="ma")


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, or where it is too wide its beginning and its end, since names often share one of them."""
    if font.getlength(text) <= width:
        return text
    shortened = (f"{text[: (kept + 1) // 2]}..{text[len(text) - kept // 2 :]}" for kept in range(len(text) - 1, -1, -1))
    return next((short for short in shortened if font.getlength(short) <= width), "")


def beside(levels: Sequence[UInt8[Tensor, "n c _ _"]]) -> UInt8[Tensor, "n c h _"]:
    """The finest level with the coarser ones in a column at its right, on white; a single level stays as it is."""
    *coarser, finest = levels
    if not coarser:
        return finest
    n, channels, height, width = finest.shape
    canvas = torch.full((n, channels, height, width + coarser[-1].shape[-1]), PAPER, dtype=torch.uint8)
    canvas[..., :width] = finest
    top = 0
    for level in reversed(coarser):
        canvas[:, :, top : top + level.shape[-2], width : width + level.shape[-1]] = level
        top += level.shape[-2]
    return canvas


def enlargement(side: int, about: int = SMALL) -> int:
    """The whole factor that brings pictures of so many pixels a side nearest to `about` without exceeding it, or 1."""
    return max(1, about // side)


def near_square(count: int) -> int:
    """The number of columns: about that of rows, or up to half as many again if fewer cells stay empty."""
    root = math.ceil(math.sqrt(count))
    return min(range(root, max(root, root * 3 // 2) + 1), key=lambda columns: (-count % columns, columns))


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """The pictures side by side on white, all as high as the last one."""
    height = pictures[-1].height
    scaled = [
        picture.convert("RGB").resize(
            (max(1, round(picture.width * height / picture.height)), height), Image.Resampling.LANCZOS
        )
        for picture in pictures
    ]
    canvas = Image.new(
        "RGB", (sum(one.width + ROW_MARGIN for one in scaled) + ROW_MARGIN, height + 2 * ROW_MARGIN), (PAPER,) * 3
    )
    left = ROW_MARGIN
    for one in scaled:
        canvas.paste(one, (left, ROW_MARGIN))
        left += one.width + ROW_MARGIN
    return canvas


def one_below_another(rows: Sequence[Image.Image]) -> Image.Image:
    """The rows one below another on white; their margins overlap."""
    if len(rows) == 1:
        return rows[0]
    height = sum(row.height - ROW_MARGIN for row in rows) + ROW_MARGIN
    canvas = Image.new("RGB", (max(row.width for row in rows), height), (PAPER,) * 3)
    top = 0
    for row in rows:
        canvas.paste(row, (0, top))
        top += row.height - ROW_MARGIN
    return canvas
