import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture, pictures

from gantool.builtin.sources.folder import build
from gantool.data.cache import store as module
from gantool.data.cache.build import CachedSource, cached
from gantool.data.cache.journal import JOURNAL, Journal
from gantool.data.cache.store import CacheContents, CacheSpec
from gantool.data.pictures.options import FolderOptions
from gantool.errors import DataError
from gantool.files import cache_folder, only_builder
from gantool.progress import listening

BUILDER = """
import sys, time
from pathlib import Path
from gantool.data.cache.store import CacheContents, CacheSpec, prepared

def fill(file):
    file.write_bytes(bytes([7]) * file.stat().st_size)
    print("filling", flush=True)
    time.sleep(float(sys.argv[1]))
    return CacheContents(range(4), None, [], [])

print(prepared(CacheSpec("slow", "here", "v1", 4, 3, 8), fill).index["fingerprint"], flush=True)
"""


def built(folder: Path, resolution: int = 8, **options: str | int) -> CachedSource:
    return build(FolderOptions(path=str(folder), **options), resolution=resolution, channels=3)


def builds(folder: Path, **options: str | int) -> bool:
    """Whether asking for the folder decodes anything."""
    reports = []
    with listening(lambda *report: reports.append(report)):
        built(folder, **options)
    return bool(reports)


def content(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.is_dir()]


def test_parts_of_one_folder_keep_a_cache_each(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", *(f"{number}.png" for number in range(8)))
    parts = ({}, {"count": 4}, {"count": 4, "seed": 1}, {"count": 3})
    assert [builds(folder, **part) for part in parts] == [True] * 4
    assert [builds(folder, **part) for part in parts] == [False] * 4


def test_a_folder_is_decoded_once(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    assert builds(folder)
    assert not builds(folder)
    assert builds(folder, fit="pad")


def test_moving_a_folder_keeps_its_cache(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    built(folder)
    folder.rename(tmp_path / "elsewhere")
    assert not builds(tmp_path / "elsewhere")


def test_a_changed_file_is_decoded_anew_and_the_old_cache_goes(tmp_path: Path, cache: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    before = built(folder)
    picture(folder / "a.png", seed=9)
    os.utime(folder / "a.png", ns=(1, 1))
    after = built(folder)
    assert (before.pixels[1] == after.pixels[1]).all()
    assert (before.pixels[0] != after.pixels[0]).any()
    assert len(content(cache)) == 1
    assert before.fingerprint != after.fingerprint


def test_touching_files_changes_no_fingerprint(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    before = built(folder).fingerprint
    os.utime(folder / "a.png", ns=(1, 1))
    assert builds(folder)
    assert built(folder).fingerprint == before


@pytest.mark.parametrize("packed", [False, True])
def test_another_folder_whose_files_have_the_same_names_sizes_and_times_is_not_taken_for_it(
    tmp_path: Path, packed: bool
) -> None:
    sources = []
    for seed in (0, 100):
        path = tmp_path / f"{seed}"
        for index in range(70):
            os.utime(picture(path / f"{index:02}.bmp", seed + index), ns=(1, 1))
        if packed:
            path = Path(shutil.make_archive(str(path), "tar", path))
            os.utime(path, ns=(1, 1))
        sources.append(built(path))
    assert (sources[0].pixels != sources[1].pixels).any()


def test_other_ways_to_decode_the_same_folder_keep_each_others_cache(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    for fit in ("crop", "pad"):
        built(folder, fit=fit)
        built(folder, 16, fit=fit)
    assert not any(builds(folder, fit=fit) for fit in ("crop", "pad"))


def test_each_size_has_a_cache_of_its_own(tmp_path: Path, cache: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png")
    assert built(folder, 8).pixels.shape == (1, 3, 8, 8)
    assert built(folder, 16).pixels.shape == (1, 3, 16, 16)
    assert len(content(cache)) == 2


@pytest.mark.parametrize("file", ["pixels.u8", "index.json"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_cache_is_rebuilt(tmp_path: Path, file: str, damage: str) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    source = built(folder)
    expected, path = source.pixels.copy(), source.folder / file
    data = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    assert builds(folder)
    assert (built(folder).pixels == expected).all()


def test_a_failed_build_leaves_nothing(cache: Path) -> None:
    def interrupted(file: Path) -> CacheContents:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached(CacheSpec("x", "x", "v1", 4, 3, 8), interrupted)
    assert content(cache) == []


def test_a_full_disk_is_said_and_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path) -> CacheContents:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DataError, match=r"The disk is full.*GANTOOL_CACHE"):
        cached(CacheSpec("x", "x", "v1", 4, 3, 8), full)
    usage = shutil.disk_usage("/")._replace(free=100)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DataError, match=r"The disk is full.*are needed"):
        cached(CacheSpec("x", "x", "v1", 4, 3, 8), full)
    assert content(cache) == []


def test_only_kept_rows_remain_in_order() -> None:
    def fill(file: Path) -> CacheContents:
        rows = np.repeat(np.arange(5, dtype=np.uint8), 12)
        file.write_bytes(rows.tobytes())
        return CacheContents([1, 3, 4], [0, 1, 0], ["a", "b"], [])

    source = cached(CacheSpec("x", "x", "v1", 5, 3, 2), fill)
    assert source.pixels[:, 0, 0, 0].tolist() == [1, 3, 4]
    image, label = source[1]
    assert torch.equal(image, torch.full((3, 2, 2), 3, dtype=torch.uint8))
    assert label == 1


def builder(seconds: float) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", BUILDER, str(seconds)], stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_build_is_not_used_and_does_not_block(cache: Path) -> None:
    with builder(60) as process:
        assert said(process) == "filling"
        process.send_signal(signal.SIGKILL)
    assert len(content(cache)) == 1
    assert content(cache)[0].suffix == ".part"

    def fill(file: Path) -> CacheContents:
        return CacheContents(range(4), None, [], [])

    assert (cached(CacheSpec("slow", "here", "v1", 4, 3, 8), fill).pixels == 0).all()
    assert len(content(cache)) == 1


KILLED = """
import os, signal, sys
from gantool.builtin.sources.folder import build
from gantool.data.cache import journal
from gantool.data.pictures.options import FolderOptions
from gantool.progress import listening

journal.SECONDS = 0.0

def listen(label, done, total):
    if done == 5:
        os.kill(os.getpid(), signal.SIGKILL)

with listening(listen):
    build(FolderOptions(path=sys.argv[1]), resolution=8, channels=3)
"""


def decoded(folder: Path) -> tuple[CachedSource, int]:
    """The folder from its cache, and how many of its pictures were decoded for that."""
    totals = [0]
    with listening(lambda label, done, total: totals.append(total)):
        source = built(folder)
    return source, totals[-1]


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_build_that_was_killed_goes_on_where_it_stood_and_gives_the_same(tmp_path: Path, cache: Path) -> None:
    folder = pictures(tmp_path / "f", *(f"{number}.png" for number in range(9)))
    (folder / "3.png").write_bytes(b"no picture")
    whole = built(folder)
    shutil.rmtree(content(cache)[0])
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    source, count = decoded(folder)
    assert count == 6  # five were done, of which one is tried again, since it could not be read
    assert (source.pixels == whole.pixels).all()
    assert (source.fingerprint, source.skipped) == (whole.fingerprint, whole.skipped)
    assert [path.suffix for path in content(cache)] == [""]
    assert sorted(path.name for path in content(cache)[0].iterdir()) == ["index.json", "pixels.u8"]


def test_a_build_that_fails_leaves_nothing_and_one_that_is_interrupted_what_it_has(tmp_path, cache, monkeypatch):
    folder = pictures(tmp_path / "f", *(f"{number}.png" for number in range(6)))
    monkeypatch.setattr("gantool.data.cache.journal.SECONDS", 0.0)
    for error in (KeyboardInterrupt, RuntimeError):

        def listen(label, done, total, error=error):
            if done == 3:
                raise error

        with pytest.raises(error), listening(listen):
            built(folder)
        assert [path.suffix for path in content(cache)] == ([".part"] if error is KeyboardInterrupt else [])


@pytest.mark.parametrize("torn", ["[2, {", "[2, {}]", "[99, {}]\n", "3\n", '{"a": 1}\n', "\xff\n"])
def test_a_journal_that_was_cut_short_is_read_as_far_as_it_is_whole(tmp_path, torn):
    journal = Journal(tmp_path / "pixels.u8")
    (tmp_path / "pixels.u8").touch()
    list(journal.noting(iter([(0, {}), (1, {"extremes": [1, 2]}), (3, {"reason": "is torn"})])))
    with (tmp_path / JOURNAL).open("a", encoding="latin-1") as file:
        file.write(torn)
    assert journal.done(5) == {0: {}, 1: {"extremes": [1, 2]}}
    list(journal.noting(iter([(4, {})])))
    assert journal.done(5).keys() == {0, 1, 4}


def test_the_size_of_a_large_cache_is_told_while_it_is_built() -> None:
    assert CacheSpec("x", "x", "x", 1_000_000, 3, 64).told == " (cache of 12.3 GB)"
    assert CacheSpec("x", "x", "x", 100, 3, 64).told == ""


@pytest.mark.long
def test_a_second_process_waits_for_the_first_and_uses_its_work() -> None:
    with builder(1.0) as process:
        assert said(process) == "filling"

        def never(file: Path) -> CacheContents:
            raise AssertionError("built twice")

        source = cached(CacheSpec("slow", "here", "v1", 4, 3, 8), never)
        assert (source.pixels == 7).all()
        assert said(process) == source.fingerprint


def test_the_lock_is_free_after_its_holder(tmp_path: Path) -> None:
    for _ in range(2):
        began = time.monotonic()
        with only_builder(tmp_path / "x.lock"):
            assert time.monotonic() - began < 5


def test_a_cache_folder_that_cannot_be_written_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache_folder() == tmp_path / f"gantool-cache-{os.getuid()}"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the folder of temporary files is the user's own")
@pytest.mark.parametrize("how", ["of another user", "a link", "open to all"])
def test_a_cache_among_shared_temporary_files_that_others_could_write_is_not_used(tmp_path, monkeypatch, how):
    monkeypatch.setenv("GANTOOL_CACHE", "/dev/null/cache")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first = cache_folder()
    assert first.parent == tmp_path
    assert first.stat().st_mode & 0o077 == 0
    assert cache_folder() == first
    if how == "of another user":
        monkeypatch.setattr("gantool.processes.os.getuid", lambda: 7)
        (tmp_path / "gantool-cache-7").mkdir()
    elif how == "a link":
        first.rename(tmp_path / "elsewhere")
        first.symlink_to(tmp_path / "elsewhere")
    else:
        first.chmod(0o777)
    other = cache_folder()
    assert other not in (first, tmp_path / "gantool-cache-7")
    assert other.is_dir()


def test_a_user_without_a_home_has_a_cache(tmp_path, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("GANTOOL_CACHE")
    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache_folder().parent == tmp_path


def test_the_cache_lies_in_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANTOOL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert tmp_path in cache_folder().parents
