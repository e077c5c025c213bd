"""The catalogue of sources: a folder of pictures, and built-in data sets. It imports no torch, numpy or Pillow."""

from typing import Any

from pydantic import field_validator

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option
from gantool.builtin.sources.builtin_sets import SPECS
from gantool.data.pictures.options import FolderOptions, lasting_name
from gantool.data.pictures.ranges import checked_range
from gantool.data.shards.options import ShardsOptions
from gantool.homes import at_home

FOLDER = Component(
    "folder",
    "Your own pictures: a folder at any depth, or a zip or tar of them",
    FolderOptions,
    "gantool.builtin.sources.folder:build",
    natural="gantool.data.pictures.natural:natural",
)


class ArrayOptions(Options):
    """Options of `array`."""

    path: str = option(..., "a .npy or .npz file; pictures are [n, h, w], [n, h, w, c] or [n, c, h, w]")
    key: str = option(
        "auto", "the array of a .npz that holds the pictures; auto: the only one, or parts as x_train and x_test"
    )
    labels: str = option(
        "auto", "the array, or a .npy beside the file, of labels; auto: by name, as y_train for x_train; none"
    )
    range: str = option("auto", "black and white of other numbers than 8 bits: as in 0-1, full, or auto")

    @field_validator("labels")
    @classmethod
    def _keeps_its_place(cls, value: str, others: Any) -> str:
        """A file in the working folder gets a name that holds in any other, since a run may be resumed there."""
        home = at_home(others.data.get("path", "")).absolute().parent
        return value if value in ("auto", "none") else lasting_name(value, home)

    @field_validator("range")
    @classmethod
    def _is_range(cls, value: str) -> str:
        return checked_range(value)


ARRAY = Component(
    "array",
    "Pictures in a file of NumPy: .npy or .npz",
    ArrayOptions,
    "gantool.builtin.sources.array:build",
    natural="gantool.builtin.sources.array:natural",
)


SHARDS = Component(
    "shards",
    "Tars in the manner of WebDataset, here or on a server, of any size",
    ShardsOptions,
    "gantool.builtin.sources.shards:build",
    natural="gantool.builtin.sources.shards:natural",
)


@hookimpl
def gantool_sources() -> list[Component]:
    """The user's own pictures first, then the built-in data sets."""
    return [FOLDER, ARRAY, SHARDS, *SPECS]
