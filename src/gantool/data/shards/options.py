"""The options of a set of shards. Imports no torch, numpy or Pillow."""

from pydantic import field_validator

from gantool.api.specs import Options, option
from gantool.data.pictures.options import PictureOptions
from gantool.data.pictures.ranges import checked_range
from gantool.homes import at_home


class _Place(Options):
    path: str = option(
        ..., "tars as in train-{000000..000146}.tar, their folder, or the index.json beside them; a path or URL"
    )
    window: int = option(8, "shards that are shuffled together", ge=1)
    cache: float = option(32.0, "GB of disk for shards that are fetched ahead: those of four windows must fit", gt=0)
    workers: int | None = option(None, "processes that decode; by default one for each core, 8 at most", ge=0, le=256)

    @field_validator("path")
    @classmethod
    def _keeps_its_place(cls, value: str) -> str:
        """A local path holds in any working folder, since a run may be resumed from another."""
        return value if "://" in value else str(at_home(value).absolute())


class ShardsOptions(PictureOptions, _Place):
    """Options of `shards`: the place of the tars, how they are read, and how each picture is made square."""

    range: str = option("full", "range of pixels of more than 8 bits: as in 0-4095, or full")

    @field_validator("range")
    @classmethod
    def _is_range(cls, value: str) -> str:
        if value == "auto":
            raise ValueError("shards are not read whole, so give their range, as in 0-4095, or full")
        return checked_range(value)
