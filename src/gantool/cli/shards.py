"""`gantool data shard` and `gantool data index`: pictures packed into shards, and shards indexed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.errors import OptionError, counted

if TYPE_CHECKING:
    from gantool.data.shards.writing import Packed

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_LEAST = 10_000
_SHOWN = 10

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def shard(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE[:option=value,...]", help="Pictures: a folder, a zip, or any other source.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of the shards, new or empty.")],
    size: Annotated[str, typer.Option("--size", metavar="BYTES", help="Size of a shard, as 500MB or 1GB.")] = "1GB",
    resolution: Annotated[
        int | None,
        typer.Option(
            "--resolution", metavar="N", min=1, help="Write PNGs of this side. Default: files as they are, of a folder."
        ),
    ] = None,
    channels: Annotated[
        Literal["1", "3", "4"], typer.Option("--channels", help="Channels of pictures written at --resolution.")
    ] = "3",
    json: Json = False,
) -> None:
    """Pack pictures in a random order into tars for `--data shards:path=DIR`, with an index; labels go along."""
    from gantool.cli.output import result_json, result_words, warn
    from gantool.cli.progress import showing_progress
    from gantool.data.shards.writing import write_shards

    most = read_size(size)
    with showing_progress():
        written = write_shards(_pictures(source, resolution, int(channels)), out, most, "data")
    for path, why in written.skipped[:_SHOWN]:
        warn(f"{path} {why}: it is left out.")
    if len(written.skipped) > _SHOWN:
        warn(f"Left out: {counted(len(written.skipped) - _SHOWN, 'more picture')}.")
    files = [str(path) for path in (written.index, *written.shards)]
    if json:
        skipped = [{"path": path, "reason": why} for path, why in written.skipped]
        result_json({"files": files, "pictures": written.pictures, "skipped": skipped})
    else:
        packed = f"{counted(written.pictures, 'picture')} in {counted(len(written.shards), 'shard')}"
        result_words(f"{packed}: --data shards:path={out}")


def index(
    shards: Annotated[
        str,
        typer.Argument(metavar="SHARDS", help="Folder of tars, or tars as in train-{000000..146}.tar, or URLs."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the index. Default: that of the shards."),
    ] = None,
    json: Json = False,
) -> None:
    """Look through shards once for the place and the label of each picture, and keep that beside them."""
    from gantool.cli.output import result_json, result_words, warn
    from gantool.cli.progress import showing_progress
    from gantool.data.shards.indexing import build_index, find_index

    with showing_progress():
        place = build_index(shards, out)
        found = find_index(str(place.absolute()))
    for note in found.notes:
        warn(note)
    for path, why in found.skipped:
        warn(f"{path} {why}: it is left out.")
    pictures = sum(one.count for one in found.shards)
    if json:
        skipped = [{"path": path, "reason": why} for path, why in found.skipped]
        classes = list(found.class_names)
        files = [str(place), str(place.with_name(found.members.name))]
        result_json({"files": files, "shards": len(found.shards), "pictures": pictures, "classes": classes,
                     "notes": found.notes, "skipped": skipped})  # fmt: skip
    else:
        classes_said = counted(len(found.class_names), "class", "classes") if found.class_names else "no labels"
        held = f"{counted(pictures, 'picture')} in {counted(len(found.shards), 'shard')}"
        result_words(f"{place}: {held}, {classes_said}")


def read_size(text: str) -> int:
    """The bytes of a size as 500MB or 1GB. Raises OptionError for anything else, or less than 10 kB."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if size < _LEAST:
        raise OptionError(f"--size {text}: give the bytes of a shard as 500MB or 1GB, 10KB at the least.")
    return size


def _pictures(source: str, resolution: int | None, channels: int) -> "Iterator[Packed | tuple[str, str]]":
    from gantool.data.pictures.options import FolderOptions
    from gantool.data.shards.writing import files_of, images_of, packed_of
    from gantool.plugins.host import host
    from gantool.run.components import resolve_source

    chosen = resolve_source(host(), source)
    if isinstance(chosen.options, FolderOptions):
        return files_of(chosen.options, resolution, channels)
    if resolution is None and (files := chosen.files()) is not None:
        return packed_of(files)
    if resolution is None:
        raise OptionError(f"{source} is no folder of files, so its pictures are written anew: give --resolution.")
    shape = (channels, resolution, resolution)
    return images_of(chosen.build(resolution=resolution, channels=channels), source, shape)
