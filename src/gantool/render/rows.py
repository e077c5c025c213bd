"""A row of pictures of any proportions at one height."""

from collections.abc import Sequence

from PIL import Image

MARGIN = 8
PAPER = (255, 255, 255)


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """The pictures side by side on white, all as high as the last one."""
    height = pictures[-1].height
    scaled = [
        picture.convert("RGB").resize(
            (max(1, round(picture.width * height / picture.height)), height), Image.Resampling.LANCZOS
        )
        for picture in pictures
    ]
    canvas = Image.new("RGB", (sum(one.width + MARGIN for one in scaled) + MARGIN, height + 2 * MARGIN), PAPER)
    left = MARGIN
    for one in scaled:
        canvas.paste(one, (left, MARGIN))
        left += one.width + MARGIN
    return canvas
