"""Frames of animations and films: upright, each at its own time, with what they had."""

import struct
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gantool.data.pictures.frames import read_film
from gantool.data.pictures.inspection import frame_count, inspect
from gantool.errors import DataError
from gantool.render.animations import save_frames

TURNED = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
"""The matrix of a film that a phone took upright: a quarter turn clockwise."""


def squares(count: int = 3) -> list[Image.Image]:
    made = [Image.new("RGB", (24, 16), (40 * index, 90, 200)) for index in range(count)]
    for picture in made:
        picture.paste((255, 0, 0), (0, 0, 8, 8))
    return made


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_each_frame_of_an_animation_has_its_time_and_short_ones_that_of_browsers(tmp_path: Path, suffix: str) -> None:
    first, *rest = squares()
    path = tmp_path / f"a.{suffix}"
    first.save(path, save_all=True, append_images=rest, duration=[10, 70, 250], loop=0)
    film = read_film(path, None)
    assert film.times == [Fraction(1, 10), Fraction(7, 100), Fraction(1, 4)]
    assert film.plays == 0
    assert [int(each.pixels[0, 12, 12]) for each in film.frames] == pytest.approx([0, 40, 80], abs=8)


def test_the_second_picture_of_a_phones_photo_is_no_frame(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    squares()[0].save(photo, "MPO", save_all=True, append_images=[Image.new("RGB", (6, 4))])
    film = read_film(photo, None)
    assert len(film.times) == 1
    assert [tuple(frame.pixels.shape) for frame in film.frames] == [(3, 16, 24)]
    with photo.open("rb") as file:
        assert frame_count(file) == 1
        assert not inspect(file)["animated"]


def test_the_layers_of_a_drawing_are_no_frames(tmp_path: Path) -> None:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 1, 1, 8, 3)
    layer = struct.pack(">IIIIH", 0, 0, 1, 1, 3) + b"".join(struct.pack(">hI", of, 3) for of in range(3))
    layer += b"8BIMnorm" + bytes([255, 0, 0, 0]) + struct.pack(">I", 12) + bytes(8) + b"\1a\0\0"
    layers = struct.pack(">h", 2) + 2 * layer + 6 * b"\0\0\7"
    layers += b"\0" * (len(layers) % 2)
    sections = struct.pack(">III", 0, 0, len(layers) + 8) + struct.pack(">I", len(layers)) + layers + bytes(4)
    path = tmp_path / "drawing.psd"
    path.write_bytes(head + sections + b"\0\0" + b"\x28\x5a\xc8")
    with Image.open(path) as opened:
        assert opened.n_frames == 2
    (frame,) = read_film(path, None).frames
    assert frame.pixels.flatten().tolist() == [0x28, 0x5A, 0xC8]


@pytest.mark.parametrize(("suffix", "loop", "plays"), [("gif", None, 1), ("gif", 2, 3), ("webp", 2, 2), ("png", 2, 2)])
def test_an_animation_is_shown_as_often_as_it_says(tmp_path: Path, suffix: str, loop: int | None, plays: int) -> None:
    first, *rest = squares()
    path = tmp_path / f"a.{suffix}"
    first.save(path, save_all=True, append_images=rest, duration=50, **({} if loop is None else {"loop": loop}))
    assert read_film(path, None).plays == plays


def test_a_frame_whose_size_its_header_does_not_tell_is_found_where_it_is_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    chunk = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    for number, picture in enumerate(squares(2)):
        picture.save(tmp_path / f"{number}.png")
    content = (tmp_path / "1.png").read_bytes()
    behind = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "1.png").write_bytes(content[:-12] + behind + content[-12:])  # before the chunk that ends the file
    frames = read_film(tmp_path, None).frames
    next(frames)
    with pytest.raises(DataError, match=r"1\.png is 16 x 24 pixels .* and the first frame is 24 x 16"):
        next(frames)


def film(path: Path, times: list[Fraction]) -> None:
    pixels = [torch.from_numpy(np.asarray(each).copy()).permute(2, 0, 1) for each in squares(len(times))]
    save_frames(path, torch.stack(pixels), times, 0)


def test_a_film_is_upright_and_keeps_its_rate_as_a_fraction(tmp_path: Path) -> None:
    pytest.importorskip("av")
    path = tmp_path / "a.mp4"
    film(path, [Fraction(1001, 24000)] * 4)
    content = path.read_bytes()
    at = content.index(b"tkhd") + 44
    path.write_bytes(content[:at] + TURNED + content[at + 36 :])
    read = read_film(path, None)
    assert read.times == [Fraction(1001, 24000)] * 4
    (first, *_) = read.frames
    assert first.pixels.shape == (3, 24, 16)
    red = first.pixels[0].float() - first.pixels[2]
    assert red[:8, 8:].mean() > 150  # the corner went from the left to the right
    assert red[8:].mean() < 0


def test_a_film_whose_pixels_are_no_squares_has_its_proportions(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.mp4"), "w") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 24, 16
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for _ in range(2):
            made.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 24, 3), np.uint8))))
        made.mux(stream.encode(None))
    assert next(read_film(tmp_path / "a.mp4", None).frames).pixels.shape == (3, 16, 32)


def test_a_film_without_a_steady_rate_has_a_time_for_each_frame(tmp_path: Path) -> None:
    pytest.importorskip("av")
    film(tmp_path / "a.mp4", [Fraction(each, 100) for each in (4, 50, 4, 12)])
    times = read_film(tmp_path / "a.mp4", None).times
    assert list(map(float, times[:3])) == pytest.approx([0.04, 0.5, 0.04])
    assert len(times) == 4


def test_a_result_is_no_frame_of_its_folder(tmp_path: Path) -> None:
    for index, picture in enumerate(squares()):
        picture.save(tmp_path / f"{index}.png")
    squares()[0].save(tmp_path / "drawn.gif")
    assert len(read_film(tmp_path, None).times) == 4
    assert len(read_film(tmp_path, None, leave_out=tmp_path / "drawn.gif").times) == 3
    with pytest.raises(DataError, match="no pictures but"):
        read_film(tmp_path, None, leave_out=tmp_path)


def test_a_small_frame_is_enlarged_only_when_that_is_asked(tmp_path: Path) -> None:
    first, *rest = squares()
    first.save(tmp_path / "a.gif", save_all=True, append_images=rest, duration=50)
    assert next(read_film(tmp_path / "a.gif", 48).frames).pixels.shape == (3, 32, 48)
    assert next(read_film(tmp_path / "a.gif", 48, enlarge=False).frames).pixels.shape == (3, 16, 24)
    assert next(read_film(tmp_path / "a.gif", 12, enlarge=False).frames).pixels.shape == (3, 8, 12)
