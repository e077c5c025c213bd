"""`gantool stylize` beyond one picture: folders, films, masks, sheets, and the pictures on the way."""

import json

import numpy as np
import pytest
from PIL import Image

QUICK = ("--extractor", "random:filters=8,size=3,scales=2", "--steps", "3", "--size", "32")


def draw(name, size, seed):
    coarse = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8))
    picture = coarse.resize(size, Image.Resampling.BICUBIC)
    picture.save(name)
    return picture


def pixels(path):
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB")).astype(int)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A photo and two paintings in the working directory."""
    monkeypatch.chdir(tmp_path)
    for seed, (name, size) in enumerate({"photo.png": (48, 32), "wave.png": (40, 40), "scream.png": (30, 50)}.items()):
        draw(name, size, seed)
    return tmp_path


def test_a_folder_is_drawn_picture_by_picture_and_what_is_there_is_kept(gantool, here):
    (here / "photos" / "sub").mkdir(parents=True)
    draw("photos/a.jpg", (40, 20), 3)
    draw("photos/sub/b.png", (20, 40), 4)
    (here / "photos" / "broken.png").write_bytes(b"\x89PNG\r\n nothing")
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--json")
    assert ended.code == 0, ended.err
    assert sorted(json.loads(ended.out)["files"]) == ["drawn/a.png", "drawn/sub/b.png"]
    assert "Skipped: photos/broken.png" in ended.err
    assert pixels("drawn/a.png").shape == (16, 32, 3)
    again = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--json")
    assert json.loads(again.out)["files"] == []
    assert "drawn/a.png exists and is kept" in again.err


def test_a_sheet_is_of_one_picture(gantool, here):
    (here / "photos").mkdir()
    ended = gantool("stylize", "photos", "wave.png", *QUICK, "-o", "drawn", "--sheet", "sheet.png")
    assert ended.code == 2
    assert "for one picture" in ended.err


def test_a_folder_of_styles_is_all_of_them(gantool, here):
    (here / "styles").mkdir()
    draw("styles/one.png", (40, 40), 1)
    draw("styles/two.png", (30, 50), 2)
    for styles, name in ((["styles"], "a.png"), (["styles/one.png", "styles/two.png"], "b.png")):
        assert gantool("stylize", "photo.png", *styles, *QUICK, "-q", "-o", name).code == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))


def test_a_sheet_and_the_pictures_on_the_way(gantool, here):
    words = ["stylize", "photo.png", "wave.png", "scream.png", *QUICK, "-o", "a.png"]
    ended = gantool(*words, "--sheet", "sheet.png", "--save-every", "1", "--json")
    assert ended.code == 0, ended.err
    files = ["a.png", "a-step00001.png", "a-step00002.png", "sheet.png"]
    assert json.loads(ended.out)["files"] == files
    height, width = pixels("sheet.png").shape[:2]
    assert height == 21 + 16
    assert width == 32 + 21 + 12 + 32 + 5 * 8
    assert np.array_equal(pixels("sheet.png")[8:29, -40:-8], pixels("a.png"))


def test_each_style_in_its_own_region(gantool, here):
    for name, colour in {"red.png": (255, 0, 0), "blue.png": (0, 0, 255)}.items():
        Image.new("RGB", (40, 40), colour).save(name)
    left = np.zeros((32, 48), dtype=np.uint8)
    left[:, :24] = 255
    Image.fromarray(left).save("left.png")
    Image.fromarray(255 - left).save("right.png")
    words = [*QUICK[:2], "--steps", "25", "--size", "48", "--content-weight", "0", "--style-loss", "covariance"]
    ended = gantool(
        "stylize",
        "photo.png",
        "red.png",
        "blue.png",
        "--mask",
        "left.png",
        "--mask",
        "right.png",
        *words,
        "-o",
        "a.png",
    )
    assert ended.code == 0, ended.err
    red, _, blue = pixels("a.png").transpose(2, 0, 1)
    assert (red - blue)[:, :20].mean() > 60
    assert (blue - red)[:, 28:].mean() > 60
    one = gantool("stylize", "photo.png", "red.png", "blue.png", "--mask", "left.png", *words, "-o", "b.png")
    assert one.code == 2
    assert "1 masks and 2 styles" in one.err
    draw("square.png", (32, 32), 0)
    other = gantool("stylize", "photo.png", "red.png", "--mask", "square.png", *words, "-o", "b.png")
    assert other.code == 1
    assert "square.png is 32 x 32 pixels" in other.err


def test_of_a_film_that_is_to_be_one_picture_the_first_frame_is_drawn_and_that_is_said(gantool, here):
    photo = Image.open("photo.png")
    turned = photo.transpose(Image.Transpose.ROTATE_180)
    photo.save("film.gif", save_all=True, append_images=[turned, photo], duration=100)
    ended = gantool("stylize", "film.gif", "wave.png", *QUICK, "-o", "still.png")
    assert ended.code == 0
    assert "film.gif has 3 frames; the first is drawn. For all of them: -o still.gif" in ended.err
    assert "frames" not in gantool("stylize", "photo.png", "wave.png", *QUICK, "-o", "one.png").err


def test_a_gif_is_drawn_frame_by_frame_and_still_frames_stay_still(gantool, here):
    photo = Image.open("photo.png")
    photo.save(
        "film.gif", save_all=True, append_images=[photo, photo.transpose(Image.Transpose.ROTATE_180)], duration=100
    )
    ended = gantool("stylize", "film.gif", "wave.png", *QUICK, "-o", "drawn.webp", "--overwrite")
    assert ended.code == 0, ended.err
    ended = gantool("stylize", "film.gif", "wave.png", *QUICK, "-o", "drawn.gif", "--json")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["files"] == ["drawn.gif"]
    with Image.open("drawn.gif") as drawn:
        assert drawn.n_frames in (2, 3)
        assert drawn.size == (32, 21)


def test_colours_and_layers_and_a_start_of_ones_own(gantool, here):
    words = ["stylize", "photo.png", "wave.png", *QUICK, "-q", "--overwrite"]
    for more in (
        ["--preserve-color", "luminance"],
        ["--start", "scream.png"],
        ["--style-layer", "scale1:2", "--style-layer", "scale2", "--content-layer", "edges1"],
        ["--style-loss", "covariance", "--optimizer", "adam"],
    ):
        assert gantool(*words, *more, "-o", "a.png").code == 0
    wrong = gantool(*words, "--style-layer", "scale1:much", "-o", "a.png")
    assert wrong.code == 2
    assert "weight after the colon must be a number" in wrong.err
