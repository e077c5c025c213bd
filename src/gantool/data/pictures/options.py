"""The options of pictures and of a folder of them. Imports no torch, numpy or Pillow."""

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator

from gantool.api.specs import Options, option
from gantool.data.pictures.ranges import checked_range
from gantool.homes import at_home


class PictureOptions(Options):
    """How a picture file becomes square pixels of 8 bits."""

    fit: Literal["crop", "pad", "stretch"] = option(
        "crop", "how a picture becomes square: center crop, padding, or distortion"
    )
    background: str = option(
        "white", "colour behind transparency and beside padded pictures: a name or #rrggbb; unused with --channels 4"
    )
    filter: Literal["lanczos", "bicubic", "box"] = option("lanczos", "antialiasing filter of the resize")

    range: str = option(
        "auto",
        "range of pixels of more than 8 bits: black and white as in 0-4095, full, or auto (that of all pictures)",
    )

    @property
    def decoding(self) -> "PictureOptions":
        """These options alone, without those of a source that has more."""
        return PictureOptions(**{name: getattr(self, name) for name in PictureOptions.model_fields})

    @field_validator("range")
    @classmethod
    def _is_range(cls, value: str) -> str:
        return checked_range(value)

    @field_validator("background")
    @classmethod
    def _is_colour(cls, value: str) -> str:
        if value in ("white", "black") or re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value):
            return value
        from PIL import ImageColor

        ImageColor.getrgb(value)  # the ValueError names the colour
        return value


class _Place(Options):
    path: str = option(..., "folder, or zip/tar of pictures; sub-folders are classes")
    labels: str = option(
        "auto",
        "labels: a CSV or JSON file in or beside the data, or folders; auto is StyleGAN's dataset.json, else folders",
    )
    count: int | None = option(None, "only so many of the pictures, drawn by `seed`", ge=1)
    seed: int = option(0, "the draw of `count` pictures")

    @field_validator("labels")
    @classmethod
    def _keeps_its_place(cls, value: str, others: Any) -> str:
        """A file in the working folder gets a name that holds in any other, since a run may be resumed there."""
        root = at_home(others.data.get("path", "")).absolute()
        return value if value in ("auto", "folders") else lasting_name(value, root)


class FolderOptions(PictureOptions, _Place):  # fields are in the order of the bases from the last on
    """Options of `folder`: the place of the pictures, and how each is made square."""


def lasting_name(value: str, home: Path) -> str:
    """The name of a file in the working folder that holds in any other; that of one in `home` stays relative to it."""
    file = at_home(value)
    if (home / file).exists() or not file.is_file():
        return value
    file = file.absolute()
    return file.relative_to(home).as_posix() if file.is_relative_to(home) else str(file)
