"""The options of a folder of pictures. Imports no torch, numpy or Pillow."""

import re
from typing import Literal

from pydantic import field_validator

from gantool.api.specs import Options, option


class FolderOptions(Options):
    """Options of `folder`: the place of the pictures, and how each is made square."""

    path: str = option(..., "folder, or zip/tar of pictures; sub-folders are classes")
    fit: Literal["crop", "pad", "stretch"] = option(
        "crop", "how a picture becomes square: center crop, padding, or distortion"
    )
    background: str = option("white", "colour behind transparency and beside padded pictures: a name or #rrggbb")
    filter: Literal["lanczos", "bicubic", "box"] = option("lanczos", "antialiasing filter of the resize")

    @field_validator("background")
    @classmethod
    def _is_colour(cls, value: str) -> str:
        if value in ("white", "black") or re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value):
            return value
        from PIL import ImageColor

        ImageColor.getrgb(value)  # the ValueError names the colour
        return value
