"""Parquet files and data sets of the Hub: `gantool train --data hf:OWNER/NAME`. This page imports no torch."""

import re
from pathlib import Path

from pydantic import field_validator

import gantool

_IMAGE = "column of pictures; auto: by the schema"
_LABEL = "column of labels; auto: by the schema or the name; none"


class _Files(gantool.Options):
    path: str = gantool.option(..., "a .parquet file, a folder or pattern of them, or a URL")
    image: str = gantool.option("auto", _IMAGE)
    label: str = gantool.option("auto", _LABEL)

    @field_validator("path")
    @classmethod
    def _keeps_its_place(cls, value: str) -> str:
        """A local path holds in any working folder, since a run may be resumed from another."""
        try:
            return value if "://" in value else str(Path(value).expanduser().absolute())
        except RuntimeError as error:  # of ~NAME
            raise ValueError(f"{value} is in the home of a user that there is not") from error


class ParquetOptions(gantool.PictureOptions, _Files):
    """Options of `parquet`: the files, their columns, and how each picture is made square."""


class _DataSet(gantool.Options):
    name: str = gantool.option(..., "the data set, OWNER/NAME")
    split: str = gantool.option("train", "part of the data set")
    config: str = gantool.option("auto", "configuration; auto: default, or the only one")
    rev: str = gantool.option("auto", "branch, tag or commit; auto: the Parquet copy that the Hub makes, as it is now")
    commit: str = gantool.option("auto", "commit of `rev`; auto: the newest when a run begins, which keeps it")
    keep: float = gantool.option(20.0, "GB that are downloaded and kept; what is larger is read over the network", ge=0)
    image: str = gantool.option("auto", _IMAGE)
    label: str = gantool.option("auto", _LABEL)

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        name = re.sub(r"^(//)?datasets/|/$", "", value)  # as in hf://datasets/OWNER/NAME
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name):
            raise ValueError("a data set of the Hub is OWNER/NAME, and rev=... names its revision")
        return name


class HubOptions(gantool.PictureOptions, _DataSet):
    """Options of `hf`: the data set, its columns, and how each picture is made square."""


@gantool.hookimpl
def gantool_sources() -> list[gantool.Component]:
    """Files first, then the Hub."""
    return [
        gantool.Component(
            "parquet",
            "Pictures in Parquet files, here or on a server",
            ParquetOptions,
            "gantool_hf_data.sources:parquet",
            natural="gantool_hf_data.sources:parquet_shape",
            files="gantool_hf_data.sources:parquet_files",
        ),
        gantool.Component(
            "hf",
            "A data set of the Hugging Face Hub, downloaded once",
            HubOptions,
            "gantool_hf_data.sources:hub",
            natural="gantool_hf_data.sources:hub_shape",
            settle="gantool_hf_data.settling:pinned",
            files="gantool_hf_data.sources:hub_files",
            waives={"auto_options_are_resolved": "columns and range are found in the files, whose revision is fixed"},
        ),
    ]
