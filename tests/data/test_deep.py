"""Colours of 16 bits a channel: all of them are read, by whatever order, compression and planes they are stored."""

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantool.builtin.sources.folder import build
from gantool.data.cache.build import CachedSource
from gantool.data.pictures import wide
from gantool.data.pictures.decode import decode, opened, peek
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.whole import read_picture
from gantool.data.survey.check import check

PIXELS = np.random.default_rng(0).integers(0, 65536, (6, 7, 4)).astype(np.uint16)


def png(pixels: np.ndarray, *chunks: bytes) -> bytes:
    """A PNG of `[h, w, c]` with each row stored as differences; `chunks` come before the pixels."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    rows[:, 2 * channels :] -= rows[:, : -2 * channels].copy()
    content = b"".join(b"\1" + row.tobytes() for row in rows)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    every = (header, *chunks, b"IDAT" + zlib.compress(content), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in every
    )


def tiff(pixels: np.ndarray, order: str = "<", planes: bool = False, packed: bool = False, alpha: int = 2) -> bytes:
    """A TIFF of `[h, w, c]`: its channels side by side or as planes, packed by deflate or not, in two strips each."""
    height, width, channels = pixels.shape
    rows = (height + 1) // 2
    parts = list(pixels.transpose(2, 0, 1)) if planes else [pixels]
    strips = [half.astype(f"{order}u2").tobytes() for part in parts for half in (part[:rows], part[rows:])]
    strips = [zlib.compress(strip) if packed else strip for strip in strips]
    tags = {
        256: ("L", [width]), 257: ("L", [height]), 258: ("H", [16] * channels), 259: ("H", [8 if packed else 1]),
        262: ("H", [2]), 273: ("L", []), 277: ("H", [channels]), 278: ("L", [rows]),
        279: ("L", [len(strip) for strip in strips]), 284: ("H", [1 + planes]),
    }  # fmt: skip
    if channels == 4:
        tags[338] = ("H", [alpha])
    offset = 8 + 2 + 12 * len(tags) + 4
    extra = b""
    start = offset + 500
    tags[273] = ("L", [start + sum(map(len, strips[:index])) for index in range(len(strips))])
    entries = b""
    for tag, (code, values) in sorted(tags.items()):
        value = struct.pack(f"{order}{len(values)}{code}", *values)
        if len(value) > 4:
            value, extra = struct.pack(f"{order}L", offset + len(extra)), extra + value
        entries += struct.pack(f"{order}HHL", tag, {"H": 3, "L": 4}[code], len(values)) + value.ljust(4, b"\0")
    start_of_file = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", 8)
    head = start_of_file + struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + extra
    return head.ljust(start, b"\0") + b"".join(strips)


def ppm(pixels: np.ndarray) -> bytes:
    return b"P6 %d %d 65535\n" % (pixels.shape[1], pixels.shape[0]) + pixels.astype(">u2").tobytes()


def rounded(pixels: np.ndarray) -> np.ndarray:
    return np.rint(pixels / 257).astype(np.uint8)


def reduced(content: bytes) -> np.ndarray:
    with opened(io.BytesIO(content)) as image:
        return np.asarray(wide.Wide(image).eight_bits({"integers": (0.0, 65535.0)}))


FILES = {
    "png": png(PIXELS[..., :3]),
    "png with alpha": png(PIXELS),
    "ppm": ppm(PIXELS[..., :3]),
    **{
        f"tiff {order} {'planes' if planes else ''} {'packed' if packed else ''} {channels}": tiff(
            PIXELS[..., :channels], order, planes, packed
        )
        for order in "<>"
        for planes, packed in ((False, False), (False, True), (True, False))
        for channels in (3, 4)
    },
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_both_bytes_of_each_colour_are_read(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide, "_STRIP", 14)  # two rows at a time
    found = reduced(content)
    assert (found == rounded(PIXELS[..., : found.shape[2]])).all()
    assert not peek(io.BytesIO(content)).is_grey
    with opened(io.BytesIO(content)) as image:
        colours = PIXELS[..., :3]
        assert wide.Wide(image).extremes() == (colours.min(), colours.max())


def test_grey_with_alpha_is_grey() -> None:
    content = png(PIXELS[..., :2])
    assert (reduced(content) == rounded(PIXELS[..., :2])).all()
    header = peek(io.BytesIO(content))
    assert (header.mode, header.is_grey) == ("LA;16", True)


def test_colours_multiplied_by_alpha_are_divided_by_it() -> None:
    straight = PIXELS.copy()
    straight[..., 3] |= 0x8000
    opacity = straight[..., 3:] / 65535
    multiplied = np.concatenate([np.rint(straight[..., :3] * opacity).astype(np.uint16), straight[..., 3:]], 2)
    for planes in (False, True):
        found = reduced(tiff(multiplied, planes=planes, alpha=1))
        assert abs(found.astype(int) - rounded(straight)).max() <= 1


def test_a_transparent_colour_is_one_of_16_bits() -> None:
    pixels = PIXELS[..., :3].copy()
    pixels[0, 0] = (258, 3, 4)
    pixels[0, 1] = (258, 3, 5)  # the same high bytes
    found = reduced(png(pixels, b"tRNS" + struct.pack(">3H", 258, 3, 4)))
    assert found.shape == (6, 7, 4)
    assert found[0, :2, 3].tolist() == [0, 255]


def scans(folder: Path, *levels: int) -> Path:
    """A PNG and a TIFF for each level: blue of this level, green of half of it, no red."""
    folder.mkdir()
    for level in levels:
        pixels = np.full((8, 8, 3), (0, level // 2, level), np.uint16)
        (folder / f"{level}.png").write_bytes(png(pixels))
        (folder / f"{level}.tif").write_bytes(tiff(pixels))
    return folder


def built(folder: Path, **options: str) -> CachedSource:
    return build(FolderOptions(path=str(folder), **options), resolution=8, channels=3)


def colours(source: CachedSource) -> list[list[int]]:
    return [source[index][0][:, 4, 4].tolist() for index in range(len(source))]


@pytest.mark.long
def test_twelve_bits_of_colour_in_sixteen_are_as_bright_as_they_were(tmp_path: Path) -> None:
    folder = scans(tmp_path / "f", 2048, 4095)
    Image.new("RGB", (8, 8), (1, 2, 3)).save(folder / "9.png")
    source = built(folder)
    assert colours(source) == [[0, 64, 128], [0, 64, 128], [0, 127, 255], [0, 127, 255], [1, 2, 3]]
    (note,) = source.notes
    assert note.startswith("4 pictures of colours of 16 bits from 0 to 4,095, taken as 12 bits: 0 is black and")
    report = check(FolderOptions(path=str(folder)))
    assert report.notes == [note]
    assert report.modes == {"RGB;16": 4, "RGB": 1}
    assert colours(built(folder, range="full"))[3] == [0, 8, 16]
    assert colours(built(folder, range="0-2048"))[0] == [0, 128, 255]


@pytest.mark.parametrize("plain", [0, 3])
def test_a_dark_photo_of_16_bits_stays_dark_among_others_and_alone(tmp_path: Path, plain: int) -> None:
    folder = scans(tmp_path / "f", 20_000)
    for index in range(plain):
        Image.new("RGB", (8, 8), (1, 2, 3)).save(folder / f"9{index}.png")
    assert colours(built(folder)) == [[0, 39, 78]] * 2 + [[1, 2, 3]] * plain


def test_a_dark_photo_of_16_bits_stays_dark_where_no_set_tells_its_range(tmp_path: Path) -> None:
    folder = scans(tmp_path / "f", 20_000)
    for name in ("20000.png", "20000.tif"):
        assert read_picture(folder / name).pixels[:, 4, 4].tolist() == [0, 39, 78]


def test_pictures_whose_range_is_that_of_all_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scans(tmp_path / "f", 4095, 50_000)
    times: dict[float, int] = {}
    extremes = wide.Wide.extremes
    eight_bits = wide.Wide.eight_bits

    def counted(self: wide.Wide, ranges: object = None) -> Image.Image:
        high = extremes(self)[1]
        times[high] = times.get(high, 0) + 1
        return eight_bits(self, ranges)  # type: ignore[arg-type]

    monkeypatch.setattr(wide.Wide, "eight_bits", counted)
    for file in folder.glob("*.tif"):  # read in a process of its own
        file.unlink()
    assert colours(built(folder)) == [[0, 8, 16], [0, 97, 195]]
    assert times == {4095: 2, 50_000: 1}


def test_planes_that_are_packed_lose_their_low_bytes_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(tiff(np.full((8, 8, 3), 4095, np.uint16), planes=True, packed=True))
    source = built(tmp_path)
    assert colours(source) == [[15, 15, 15]]
    assert source.notes == ("Only the high 8 of the 16 bits of each colour are read in a.tif; as PNG all would be.",)
    assert check(FolderOptions(path=str(tmp_path))).notes == list(source.notes)


def test_an_animation_of_16_bits_is_read_as_before() -> None:
    moving = png(
        PIXELS[..., :3], b"acTL" + struct.pack(">II", 2, 0), b"fcTL" + struct.pack(">5I2HBB", 0, 7, 6, 0, 0, 1, 9, 0, 0)
    )
    assert peek(io.BytesIO(moving)).mode == "RGB"


def test_a_file_cut_short_is_refused_as_any_other() -> None:
    for content in (FILES["png"], FILES["tiff <   3"]):
        with pytest.raises(Exception, match=r"^(is|ends) "):
            decode(io.BytesIO(content[:-60]), FolderOptions(path=""), 8, 3)


def test_large_colours_take_little_more_memory_than_their_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    side = 1000
    monkeypatch.setattr(wide, "_STRIP", side * 20)
    with opened(io.BytesIO(png(np.zeros((side, side, 3), np.uint16)))) as image:
        read = wide.Wide(image)
        tracemalloc.start()
        try:
            read.eight_bits()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < side * side * 3  # beside Pillow's own two copies; as float64 it would be 24 million
