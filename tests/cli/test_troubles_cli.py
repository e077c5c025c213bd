"""`gantool data check` and a short run on one folder that holds one of each kind of trouble."""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SMALL = ("--arch", "mlp:generator_hidden=8,discriminator_hidden=8", "--batch", "4", "--device", "cpu", "--images", "8")
USED = {
    "E1.jpg_large", "shot 2024-05-01 12.30.05", "no suffix", "grey.png", "cmyk.jpg", "scan.tif", "floats.tiff",
    "palette.gif", "animated.gif", "turned.jpg", "alpha.webp", "fax.tif", "icon.ico", "words.png.txt",
    "red\x1b[31m.png", "1bit.pbm",
}  # fmt: skip
BROKEN = {"empty.png", "cut.png", "page.jpg", "phone.heic", "bomb.png", "pipe.png", "nowhere.png"}
OTHER = {"notes.txt", "labels.csv", "more.zip"}


def noise(seed: int, *size: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size, np.uint8)


def bomb() -> bytes:
    """The header of a PNG of 60,000 x 60,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 100) + b"IDAT"


def fax() -> bytes:
    """A TIFF that libtiff complains about, and reads."""
    file = io.BytesIO()
    Image.fromarray(noise(1, 64, 64)).convert("1").save(file, "TIFF", compression="group4")
    with Image.open(file) as image:
        middle = image.tag_v2[273][0] + image.tag_v2[279][0] // 2
    content = bytearray(file.getvalue())
    content[middle : middle + 40] = b"\xff" * 40
    return bytes(content)


@pytest.fixture
def troubles(tmp_path: Path) -> Path:
    folder = tmp_path / "troubles"
    folder.mkdir()
    colour = Image.fromarray(noise(2, 40, 48, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, image, format, more in [
        ("E1.jpg_large", colour, "JPEG", {}),
        ("shot 2024-05-01 12.30.05", colour, "PNG", {}),
        ("no suffix", colour, "WEBP", {}),
        ("words.png.txt", colour, "PNG", {}),
        ("grey.png", colour.convert("L"), "PNG", {}),
        ("1bit.pbm", colour.convert("1"), "PPM", {}),
        ("cmyk.jpg", colour.convert("CMYK"), "JPEG", {}),
        ("scan.tif", Image.fromarray(noise(3, 40, 40).astype(np.uint16) * 16), "TIFF", {}),
        ("floats.tiff", Image.fromarray(noise(4, 40, 40).astype(np.float32) / 127.5 - 1), "TIFF", {}),
        ("palette.gif", colour.convert("P"), "GIF", {"transparency": 3}),
        ("animated.gif", colour, "GIF", {"save_all": True, "append_images": [colour.rotate(90)]}),
        ("turned.jpg", colour, "JPEG", {"exif": exif.tobytes()}),
        ("alpha.webp", Image.fromarray(noise(5, 40, 40, 4)), "WEBP", {}),
        ("icon.ico", colour.convert("RGBA"), "ICO", {"sizes": [(32, 32)]}),
        ("red\x1b[31m.png", colour, "PNG", {}),
    ]:
        image.save(folder / name, format, **more)
    whole = (folder / "grey.png").read_bytes()
    for name, content in [
        ("empty.png", b""), ("cut.png", whole[: len(whole) // 2]), ("page.jpg", b"<!DOCTYPE html><p>404</p>"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1"), ("bomb.png", bomb()), ("fax.tif", fax()),
        ("notes.txt", b"Python"), ("labels.csv", b"grey.png,cat\n"), (".hidden.png", whole),
    ]:  # fmt: skip
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("a.png", whole)
    (folder / "nowhere.png").symlink_to(folder / "gone.png")
    os.mkfifo(folder / "pipe.png")
    (folder / "loop").symlink_to(folder)
    return folder


pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")


@pytest.mark.long
def test_data_check_tells_of_each(gantool, troubles):
    done = gantool("data", "check", troubles, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["usable"] == len(USED)
    assert {one["path"] for one in report["broken"]} == BROKEN
    assert set(report["others"]) == OTHER
    assert [one["path"] for one in report["suspect"]] == ["fax.tif"]
    assert (report["animated"], report["cmyk"]) == (1, 1)
    note = next(note for note in report["notes"] if "is black" in note)
    assert "1 picture of floats from -1 to 1: -1 is black and 1 is white" in note
    assert "1 picture of integers from 0 to 4,080, taken as 12 bits: 0 is black and 4,095 is white" in note
    command = [sys.executable, "-m", "gantool", "data", "check", str(troubles)]
    page = subprocess.run(command, capture_output=True, text=True, check=True)
    assert all(name in page.stdout for name in BROKEN | OTHER)
    assert "\x1b" not in page.stdout
    assert "Fax4Decode" not in page.stderr  # libtiff writes it to the process's own standard error


@pytest.mark.long
def test_a_run_uses_what_it_can_and_lists_the_rest(gantool, troubles, tmp_path):
    run = tmp_path / "runs" / "one"
    done = gantool("train", *SMALL, "--data", troubles, "--resolution", "16", "--out", run.parent, "--name", "one")
    assert done.code == 0, done.err
    assert f"Data: {len(USED)} images" in done.err
    listed = dict(line.split("\t") for line in (run / "skipped.tsv").read_text().splitlines())
    assert listed.keys() == BROKEN | OTHER | {"fax.tif"}
    reasons = {
        "empty.png": "is empty", "cut.png": "ends too early", "page.jpg": "is not a picture",
        "phone.heic": "pillow-heif", "bomb.png": "too large", "pipe.png": "no regular file",
        "nowhere.png": "leads nowhere", "more.zip": "is an archive",
        "notes.txt": "is not a picture", "fax.tif": "is used, though libtiff says",
    }  # fmt: skip
    assert {name: reason in listed[name] for name, reason in reasons.items()} == dict.fromkeys(reasons, True)
    assert f"Left out: {len(BROKEN | OTHER)} files (" in done.err
    assert "Suspect: 1 picture, " in done.err
    assert "4,095 is white" in done.err
