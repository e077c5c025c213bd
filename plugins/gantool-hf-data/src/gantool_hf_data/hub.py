"""The files of a data set of the Hub: downloaded into the Hub's own cache once, or read over the network."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any

import gantool
from gantool import commands
from gantool_hf_data.reading import Part
from gantool_hf_data.settling import Listing, endpoint, explained
from gantool_hf_data.streaming import streamed


def found(listing: Listing, keep: float) -> tuple[list[Part], Sequence[str]]:
    """The files of a listing, at hand, and notes; above `keep` GB each is read row group by row group from the Hub.

    Raises DataError when one cannot be had.
    """
    size = sum(size for _, size in listing.files) / 1e9
    notes = []
    if listing.partial:
        notes.append(f"The Hub has copied only the first part of {listing.name}, {size:,.1f} GB, to Parquet.")
    if size > keep:
        kept = f"{size:,.3g} GB are more than keep={keep:g}: they are read over the network once, and not kept."
        return [_part(listing, name, partial(_streamed, listing, name), True) for name, _ in listing.files], [
            *notes,
            kept,
        ]
    parts = []
    with _without_bars():
        for done, (name, _) in enumerate(listing.files):
            commands.report(f"downloading {listing.name}", done, len(listing.files))
            parts.append(_part(listing, name, partial(_open, _downloaded(listing, name)), False))
    return parts, notes


def _part(listing: Listing, name: str, opened: Callable[[], BufferedReader], is_remote: bool) -> Part:
    remedy = "a larger keep= downloads the files first" if is_remote else ""
    return Part(name, opened, is_remote, f"{listing.name} {listing.commit} {name}", remedy)


def _downloaded(listing: Listing, name: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import GatedRepoError

    try:
        return Path(
            hf_hub_download(
                listing.name, name, repo_type="dataset", revision=listing.commit, endpoint=endpoint(),
            )
        )  # fmt: skip
    except GatedRepoError as error:  # whose listing anybody may see
        raise explained(listing.name, listing.commit, error) from error
    except Exception as error:  # of the client, of its HTTP library, of the network, of the disk
        said = " ".join(str(error).split())[:200].rstrip(".")
        raise gantool.DataError(
            f"{name} of {listing.name} cannot be downloaded ({type(error).__name__}: {said}). The same command goes on "
            "with the files that are missing."
        ) from error


def _streamed(listing: Listing, name: str) -> BufferedReader:
    from huggingface_hub import HfFileSystem

    return streamed(HfFileSystem(endpoint=endpoint()), f"datasets/{listing.name}@{listing.commit}/{name}")


def _open(path: Path) -> BufferedReader:
    return path.open("rb")


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep the client's own progress bars from the terminal, where gantool shows its own."""
    utils: Any = importlib.import_module("huggingface_hub.utils")  # which does not declare these for type checkers
    if utils.are_progress_bars_disabled():
        yield
        return
    utils.disable_progress_bars()
    try:
        yield
    finally:
        utils.enable_progress_bars()
