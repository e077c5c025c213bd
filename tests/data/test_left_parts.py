"""What processes left that were killed while they fetched or prepared data is removed the next time."""

import os
import time
from pathlib import Path

import pytest
from pictures import pictures
from shard_sets import serving, shards
from test_shards import COUNTS, source

from gantool.builtin.sources.folder import build
from gantool.builtin.sources.shards import ShardsSource
from gantool.data.cache.unfinished import DAYS
from gantool.data.pictures.options import FolderOptions
from gantool.data.shards import fetching
from gantool.data.shards.index import MEMBERS
from gantool.data.shards.indexing import build_index
from gantool.files import only_builder

NOBODY = 999_999_999
"""The number of no process."""


def left(folder: Path, days: float = 0.0) -> Path:
    """An unfinished folder with a file in it, both of some days ago."""
    folder.mkdir(parents=True)
    file = folder / "pixels.u8"
    file.write_bytes(b"half")
    for path in (file, folder):
        os.utime(path, (time.time() - days * 86_400,) * 2)
    return folder


def test_builds_that_nobody_goes_on_with_are_removed_by_a_build_of_other_images(tmp_path: Path, cache: Path) -> None:
    forgotten = left(cache / ".faces-01234567-0123.part", DAYS + 1)
    lately = left(cache / ".faces-89abcdef-0123.part", DAYS - 1)
    held = left(cache / ".cats-01234567-0123.part", DAYS + 1)
    written = left(cache / ".cats-89abcdef-0123.part", DAYS + 1)
    (written / "pixels.u8").touch()
    folder = pictures(tmp_path / "f", "0.png", "1.png")
    with only_builder(cache / "cats-01234567.lock"):
        build(FolderOptions(path=str(folder)), resolution=8, channels=3)
    assert [path.exists() for path in (forgotten, lately, held, written)] == [False, True, True, True]


def test_an_index_that_was_fetched_or_made_in_part_is_removed(tmp_path: Path, cache: Path) -> None:
    with serving(shards(tmp_path / "s", *COUNTS)) as server:
        made = server.root / f".{MEMBERS}.{NOBODY}.tmp"
        made.touch()
        build_index(str(server.root), None)
        assert not made.exists()
        fetched = left(cache / f".shards-index-0123456789ab.{NOBODY}.tmp")
        source(f"{server.url}/")
        assert not fetched.exists()


def test_shards_that_were_fetched_in_part_are_removed_by_the_processes_that_follow(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_run", lambda: "this-run")

    def fetched(remote: ShardsSource) -> ShardsSource:
        remote.expect([0])
        assert remote._files.file(0) is not None
        return remote

    with serving(shards(tmp_path / "s", *COUNTS)) as server:
        build_index(str(server.root), None)
        first = fetched(source(f"{server.url}/"))
        (folder,) = cache.glob("shards-of-*-this-run")
        part = folder / f".000001-1.tar.{NOBODY}.tmp"
        part.touch()
        second = fetched(source(f"{server.url}/"))
        assert part.exists()  # in this process nothing was killed
        monkeypatch.setattr(fetching, "_held", set())  # as in a process that `torchrun` starts anew
        third = fetched(source(f"{server.url}/"))
        assert not part.exists()
        del first, second, third
