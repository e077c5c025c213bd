"""Hostile and broken files cost little: memory, time, the terminal, the process."""

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture, pictures
from PIL import Image

from gantool.builtin.sources.folder import build
from gantool.data.batches import open_batches
from gantool.data.cache.build import CachedSource
from gantool.data.pictures import archive, tree, wide
from gantool.data.pictures.options import FolderOptions
from gantool.data.survey.check import check
from gantool.data.survey.report import as_text
from gantool.errors import DataError


def built(path: Path) -> CachedSource:
    return build(FolderOptions(path=str(path)), resolution=8, channels=3)


def padded(content: bytes, size: int) -> bytes:
    return content + bytes(size - len(content))


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_entry_far_larger_than_its_picture_is_refused_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for name, value in (("_SMALL", 2000), ("_HEAD", 1000)):
        monkeypatch.setattr(archive, name, value)
    small = picture(tmp_path / "small.png").read_bytes()
    large = picture(tmp_path / "large.png", size=(40, 40)).read_bytes()
    entries = {"a.png": small, "bomb.png": padded(small, 100_000), "large.png": large, "zeros.png": bytes(100_000)}
    path = tmp_path / f"f.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in entries.items():
                packed.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz") as packed:
            for name, content in entries.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                packed.addfile(member, io.BytesIO(content))
    assert len(large) > 2000
    source = built(path)
    assert len(source) == 2  # a.png, and the large one is whole
    reasons = {one.path: one.reason for one in source.skipped}
    assert reasons["bomb.png"] == "unpacks to 100,000 bytes, far more than its 8 x 8 pixels can need"
    assert "not a picture" in reasons["zeros.png"]
    alone = built(picture(tmp_path / "g" / "large.png", size=(40, 40)).parent)
    assert (source[1][0] == alone[0][0]).all()


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    monkeypatch.setattr(tree, "MAX_FILE_BYTES", (folder / "b.png").stat().st_size)
    with (folder / "a.png").open("ab") as file:
        file.write(bytes(1000))
    (one,) = built(folder).skipped
    assert one.path == "a.png"
    assert "the limit is" in one.reason


def test_a_large_scan_takes_little_more_memory_than_its_pixels(tmp_path: Path) -> None:
    import tracemalloc

    side = 1500
    image = Image.fromarray(np.zeros((side, side), np.uint16))
    strip = wide._STRIP
    wide._STRIP = side * 50
    tracemalloc.start()
    try:
        wide.Wide(image).eight_bits({"integers": (0.0, 4095.0)})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        wide._STRIP = strip
    assert peak < side * side  # beside Pillow's own pixels; as float64 it would be eight times as much


def tiff(path: Path, damage: int) -> None:
    """A fax of noise with damaged bytes, which libtiff reads all the same, with complaints."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).convert("1")
    file = io.BytesIO()
    noise.save(file, "TIFF", compression="group4")
    offset, length = (Image.open(file).tag_v2[tag][0] for tag in (273, 279))
    content = bytearray(file.getvalue())
    middle = offset + length // 2
    content[middle : middle + damage] = b"\xff" * damage
    path.write_bytes(content)


def test_what_libtiff_says_is_caught_and_listed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.jpg")
    tiff(folder / "fax", 40)
    tiff(folder / "good.tif", 0)
    source = built(folder)
    report = check(FolderOptions(path=str(folder)))
    assert capfd.readouterr().err == ""
    assert len(source) == 4
    (one,) = source.skipped
    assert one.path == "fax"
    assert one.reason.startswith("is used, though libtiff says: Fax4Decode: Bad code word")
    assert one.reason.endswith("lines)")
    assert [each.path for each in report.suspect] == ["fax"]
    assert "suspect      fax is used, though" in as_text(report)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_picture_that_became_a_pipe_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    listing = tree.list_pictures(folder)
    (folder / "a.png").unlink()
    os.mkfifo(folder / "a.png")
    monkeypatch.setattr("gantool.data.pictures.labels.usable_listing", lambda path: listing)
    source = built(folder)
    assert [(one.path, one.reason) for one in source.skipped] == [("a.png", "could not be read: it is no regular file")]
    with pytest.raises(DataError, match="a pipe or a device"):
        tree.list_pictures(folder / "a.png")


def test_a_cache_cut_while_it_is_mapped_is_an_error_and_rebuilt_by_the_next_command(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", *(f"{index}.png" for index in range(30)))
    source = build(FolderOptions(path=str(folder)), resolution=16, channels=3)
    batches = open_batches(
        source, name="f", resolution=16, channels=3, seed=0, flip=False, labels=False, device=torch.device("cpu"),
        sides=[8, 16],
    )  # fmt: skip
    before = batches.take(0, 4)[0]
    os.truncate(source.folder / "pixels.u8", 10)
    with pytest.raises(DataError, match=r"pixels.u8 was cut short while it was in use\. Give the same command again"):
        batches.take(0, 4)
    with pytest.raises(DataError, match="cut short"):
        source[29]
    os.truncate(source.folder / "pixels-8.u8", 10)
    with pytest.raises(DataError, match="cut short"):
        batches.take(0, 4, 8)
    again = build(FolderOptions(path=str(folder)), resolution=16, channels=3)
    assert (torch.from_numpy(again.pixels[:].copy())[:4].shape) == before.shape
    assert len(again) == 30


def test_copies_in_a_zip_count_the_same_in_check_and_in_training(tmp_path: Path) -> None:
    content = picture(tmp_path / "a.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as packed:
        packed.writestr("a.png", content)
        packed.writestr("b.png", content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            packed.writestr("a.png", content)
    report = check(FolderOptions(path=str(tmp_path / "f.zip")))
    assert report.usable == len(built(tmp_path / "f.zip")) == 3
    assert report.duplicates == [["a.png", "a.png", "b.png"]]


def test_a_worker_keeps_standard_error_apart_from_its_answers() -> None:
    code = "import os; from gantool.data.pictures.complaints import Complaints; c = Complaints(); " \
           "print(c.take()); os.write(2, b'tempfile.tif: one\\n\\ntwo\\n'); print(c.take(), c.take())"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["{}", "{'complaints': [2, 'one']} {}"]
    assert done.stderr == ""
