"""The catalogue of sources: a folder of pictures, and those that bring their own. Imports no torch, numpy or Pillow."""

import re
from typing import Literal

from pydantic import field_validator

from gantool.components import Component, Options, option
from gantool.data.builtin_sets import SPECS
from gantool.hookspecs import hookimpl


class FolderOptions(Options):
    """Where the pictures are and how each becomes a square."""

    path: str = option(..., "folder, or zip/tar of pictures; sub-folders are classes")
    fit: Literal["crop", "pad", "stretch"] = option("crop", "to a square by its center, bars, or distortion")
    background: str = option("white", "colour behind transparency and beside padded pictures: a name or #rrggbb")
    filter: Literal["lanczos", "bicubic", "box"] = option("lanczos", "antialiasing filter of the resize")

    @field_validator("background")
    @classmethod
    def _is_colour(cls, value: str) -> str:
        if value in ("white", "black") or re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value):
            return value
        from PIL import ImageColor

        ImageColor.getrgb(value)  # its ValueError names the colour
        return value


FOLDER = Component(
    "folder",
    "Your own pictures: a folder at any depth, or a zip or tar of them",
    FolderOptions,
    "gantool.data.folder:build",
    natural="gantool.data.natural:natural",
)


@hookimpl
def gantool_sources() -> list[Component]:
    """The folder first, then the sets that come with gantool."""
    return [FOLDER, *SPECS]
