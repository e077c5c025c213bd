import os
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

from gantool.data.pictures.frames import read_film
from gantool.data.pictures.whole import read_picture, read_square
from gantool.errors import DataError
from gantool.plugins.host import host


def test_proportions_orientation_and_transparency_are_kept(tmp_path):
    picture = Image.new("RGBA", (40, 20), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.png", exif=exif)
    found = read_picture(tmp_path / "turned.png", 20)
    assert found.pixels.shape == (3, 20, 10)
    assert found.pixels[:, 2, 5].tolist() == [0, 0, 255]
    assert found.pixels[:, 17, 5].tolist() == [255, 255, 255]
    assert found.alpha is not None
    assert (found.alpha[0, 2, 5], found.alpha[0, 17, 5]) == (255, 0)
    assert read_picture(tmp_path / "turned.png").pixels.shape == (3, 40, 20)


def test_colours_of_soft_edges_are_those_of_the_file_at_any_size_and_on_no_ground(tmp_path):
    picture = Image.new("RGBA", (40, 40), (0, 0, 255, 0))
    picture.paste((250, 201, 40, 96), (8, 8, 32, 32))
    picture.save(tmp_path / "sprite.png")
    for longest in (None, 15, 60):
        found = read_picture(tmp_path / "sprite.png", longest).on_no_ground()
        assert (found.pixels.permute(1, 2, 0) - torch.tensor([250, 201, 40])).abs().max() <= 20  # 8 bits, and ringing
        assert found.alpha is not None
    assert read_picture(tmp_path / "sprite.png").pixels[:, 0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_square_is_what_training_would_see(tmp_path, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    found = read_square(tmp_path / "wide.png", 8, channels)
    source = host().resolve("source", f"folder:path={tmp_path}").build(resolution=8, channels=channels)
    assert torch.equal(found, source[0][0])
    assert found.shape == (channels, 8, 8)


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "LA", "I;16"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / ("a.tif" if mode in ("CMYK", "I;16") else "a.png")
    grey = Image.fromarray(np.full((8, 8), 32768, dtype=np.uint16)) if mode == "I;16" else Image.new("L", (8, 8), 128)
    (grey if mode == "I;16" else grey.convert(mode)).save(path)
    found = read_picture(path)
    assert found.pixels.shape == (3, 8, 8)
    assert found.alpha is None
    if mode not in ("1", "CMYK"):
        assert (found.pixels.int() - 128).abs().max() <= 1


def test_what_is_no_picture_or_too_large_is_named(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    Image.new("1", (20_000, 10_000)).save(tmp_path / "bomb.png")
    for name, reason in (("text.png", "not a picture"), ("bomb.png", "too large"), ("empty.pn", "'empty.png'")):
        for read in (read_picture, partial(read_square, resolution=8)):
            with pytest.raises(DataError, match=reason) as told:
                read(tmp_path / name)
            assert str(told.value).startswith(str(tmp_path / name)) or name == "empty.pn"


def test_frames_come_in_order_from_animations_folders_and_films(tmp_path):
    frames = [Image.new("RGB", (32, 16), (60 * index, 0, 0)) for index in range(3)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=50, lossless=True)
    (tmp_path / "folder").mkdir()
    for index, frame in enumerate(frames):
        frame.save(tmp_path / "folder" / f"{index}.png")
    for name, fps in (("a.webp", 20), ("folder", 25)):
        film = read_film(tmp_path / name, 16)
        assert list(film.times) == [Fraction(1, fps)] * 3
        found = list(film.frames)
        assert [int(one.pixels[0, 4, 4]) for one in found] == [0, 60, 120]
        assert found[0].pixels.shape == (3, 8, 16)
    with pytest.raises(DataError, match="does not exist"):
        read_film(tmp_path / "b.gif", 16)


def test_a_film_is_read(tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        for value in (0, 120, 240):
            array = np.full((16, 32, 3), value, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
        container.mux(stream.encode(None))
    film = read_film(tmp_path / "a.mp4", None)
    assert list(film.times) == [Fraction(1, 10)] * 3
    assert [round(one.pixels.float().mean().item(), -1) for one in film.frames] == pytest.approx([0, 120, 240], abs=10)
    (tmp_path / "broken.mp4").write_text("hello")
    with pytest.raises(DataError, match="cannot be read as a film"):
        read_film(tmp_path / "broken.mp4", None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_place_of_a_picture_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    for read in (read_picture, partial(read_square, resolution=8)):
        with pytest.raises(DataError, match=r"a.png cannot be read: it is no regular file\.$"):
            read(tmp_path / "a.png")
