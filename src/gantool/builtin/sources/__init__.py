"""The catalogue of sources: a folder of pictures, and built-in data sets. It imports no torch, numpy or Pillow."""

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component
from gantool.builtin.sources.builtin_sets import SPECS
from gantool.data.pictures.options import FolderOptions

FOLDER = Component(
    "folder",
    "Your own pictures: a folder at any depth, or a zip or tar of them",
    FolderOptions,
    "gantool.builtin.sources.folder:build",
    natural="gantool.data.pictures.natural:natural",
)


@hookimpl
def gantool_sources() -> list[Component]:
    """The folder first, then the built-in data sets."""
    return [FOLDER, *SPECS]
