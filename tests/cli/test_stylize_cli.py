"""`gantool stylize`: one journey without weights, and what is refused."""

import json
import os
import signal

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A photo and two paintings in the working directory."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for name, size in {"photo.png": (48, 32), "wave.png": (40, 40), "scream.jpg": (30, 50)}.items():
        coarse = Image.fromarray(draw.integers(0, 256, (5, 5, 3), dtype=np.uint8))
        coarse.resize(size, Image.Resampling.BICUBIC).save(name)
    return tmp_path


QUICK = ("--extractor", "random:filters=8,size=3,scales=2", "--steps", "3", "--size", "32")


def test_one_picture_at_the_photos_proportions(gantool, here):
    ended = gantool("stylize", "photo.png", "wave.png:2", "scream.jpg", *QUICK, "-o", "out/a.png", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["files"] == ["out/a.png"]
    assert (told["extractor"], told["width"], told["height"]) == ("random", 32, 21)
    assert set(told["losses"]) == {"content", "style", "tv", "total"}
    assert "step 3/3" in ended.err
    assert "left" in ended.err
    with Image.open("out/a.png") as made, Image.open("photo.png") as photo:
        assert made.size == (32, 21)
        assert np.abs(np.asarray(made).astype(int) - np.asarray(photo.resize((32, 21)))).mean() > 2


def test_the_same_seed_is_the_same_file_and_no_file_is_replaced_unasked(gantool, here):
    for name in ("a.png", "b.png"):
        assert gantool("stylize", "photo.png", "wave.png", *QUICK, "-q", "-o", name).err == ""
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    ended = gantool("stylize", "photo.png", "scream.jpg", *QUICK, "-o", "a.png")
    assert ended.code == 2
    assert "--overwrite" in ended.err
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    assert gantool("stylize", "photo.png", "scream.jpg", *QUICK, "-o", "a.png", "--overwrite").code == 0
    assert (here / "a.png").read_bytes() != (here / "b.png").read_bytes()


def test_original_size_turned_upright_with_its_transparency(gantool, here):
    photo = Image.open("photo.png").convert("RGBA")
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save("turned.png", exif=exif)
    words = [*QUICK[:-1], "original"]
    assert gantool("stylize", "turned.png", "wave.png", *words, "-o", "a.png").code == 0
    with Image.open("a.png") as made:
        assert made.size == (32, 48)
        assert made.mode == "RGBA"
        assert np.array_equal(made.getchannel("A"), photo.getchannel("A").transpose(Image.Transpose.ROTATE_270))
        assert not made.getexif()
    flat = gantool("stylize", "turned.png", "wave.png", *words, "-o", "a.jpg")
    assert flat.code == 0
    assert "JPEG has no transparency" in flat.err


@pytest.mark.parametrize(
    ("photo", "more", "size"),
    [((600, 400), [], (512, 341)), ((48, 32), [], (48, 32)), ((48, 32), ["--size", "96"], (96, 64))],
)
def test_without_a_size_the_longer_side_has_512_pixels_at_the_most(gantool, here, photo, more, size):
    with Image.open("photo.png") as opened:
        opened.resize(photo).save("sized.png")
    words = (*QUICK[:2], "--steps", "1", "--scales", "1", "--style-loss", "gram", "-q", "-o", "a.png", *more)
    assert gantool("stylize", "sized.png", "wave.png", *words).err == ""
    with Image.open("a.png") as made:
        assert made.size == size


def test_the_time_is_told_before_the_first_step_and_the_step_is_that_of_its_size(gantool, here, monkeypatch):
    from gantool.cli import stylize_display

    monkeypatch.setattr(stylize_display, "SECONDS_BETWEEN_LINES", 0.0)
    words = (
        "--extractor",
        QUICK[1],
        "--style-loss",
        "gram",
        "--steps",
        "8",
        "--scales",
        "2",
        "--size",
        "64",
        "-o",
        "a.png",
    )
    told, *lines = gantool("stylize", "photo.png", "wave.png", *words).err.splitlines()[-11:]
    assert told.startswith("This will take about ")
    steps = [line[line.index("(") : line.index("  content")] for line in lines]
    assert steps == [f"(1 of 2)  step {n}/2" for n in (1, 2)] + [f"(2 of 2)  step {n}/8" for n in range(1, 9)]
    assert " left " not in lines[0]  # the first step sets up the kernels and says nothing of the others
    assert lines[-1].startswith("100%  0:00:00 left  64 x ")
    shares = [int(line.partition("%")[0]) for line in lines]
    assert shares == sorted(shares)
    assert shares[1] < 20  # steps of the coarse size are a small part of the work


def test_the_time_left_follows_from_the_steps_after_the_first():
    from gantool.cli.stylize_display import Remaining

    clock = iter((100.0, 102.0, 104.0))  # whatever came before the end of the first step
    left = Remaining(lambda: next(clock))
    assert [left(share) for share in (0.001, 0.201, 0.401)] == [None, pytest.approx(7.99), pytest.approx(5.99)]


def test_ctrl_c_keeps_the_picture_so_far(gantool, here, monkeypatch):
    from gantool.cli import stylize_display

    def interrupting(state, *_):
        if state.step == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return ()

    monkeypatch.setattr(stylize_display, "status", interrupting)
    monkeypatch.setattr(stylize_display, "SECONDS_BETWEEN_LINES", 0.0)
    ended = gantool("stylize", "photo.png", "wave.png", *QUICK, "-o", "a.png", "--json")
    assert ended.code == 130
    assert json.loads(ended.out)["steps"] == 2
    assert "Stopped at step 2 of 3" in ended.err
    with Image.open("a.png") as made:
        assert made.size == (32, 21)


@pytest.mark.parametrize("installed", [None, "efficientnet"])
def test_without_weights_the_default_says_so_in_a_line_and_goes_on(gantool, here, monkeypatch, installed):
    import urllib.request

    from gantool.builtin.extractors.weights import at_hand as really_at_hand

    if installed and not really_at_hand(installed):
        pytest.skip("gantool[features] is not installed")

    def refuse(url, timeout):
        raise OSError("no network in tests")

    def at_hand(name):
        return here / "weights" if name == installed else None

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr("gantool.style.job.at_hand", at_hand)
    monkeypatch.setenv("TORCH_HOME", str(here))
    monkeypatch.setenv("GANTOOL_CACHE", str(here))
    ended = gantool("stylize", "photo.png", "wave.png", "--steps", "1", "--size", "32", "-o", "a.png", "-q")
    assert ended.code == 0
    assert ended.err.count("\n") == 1
    assert "vgg19" in ended.err
    assert (installed or "random") in ended.err


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("missing.png", "wave.png", "-o", "a.png"), 1, "missing.png"),
        (("photo.png", "waves.png", "-o", "a.png"), 1, "Did you mean 'wave.png'"),
        (("text.jpg", "wave.png", "-o", "a.png"), 1, "text.jpg is not a picture"),
        (("photo.png", "wave.png", "-o", "a.bmp"), 2, "a.bmp"),
        (("photo.png", "wave.png:-1", "-o", "a.png"), 2, "weight of a style"),
        (("photo.png", "wave.png", "-o", "a.png", "--extractor", "vgg91"), 2, "Did you mean 'vgg19'"),
        (("photo.png", "wave.png", "-o", "a.png", "--size", "huge"), 2, "original"),
        (("photo.png", "dot.png", "-o", "a.png"), 1, "dot.png is 1 x 1 pixels"),
        (("photo.png", "wave.png", "-o", "text.jpg/a.png"), 2, "text.jpg/a.png cannot be written"),
    ],
)
def test_what_cannot_be_is_a_sentence(gantool, here, words, code, named):
    (here / "text.jpg").write_text("hello")
    Image.new("RGB", (1, 1)).save("dot.png")
    ended = gantool("stylize", *QUICK[2:], *([] if "--extractor" in words else QUICK[:2]), *words)
    assert ended.code == code
    assert named in " ".join(ended.err.replace("│", " ").split())
    assert not (here / "a.png").exists()


@pytest.mark.parametrize(
    "words", [("photo.png", "wavy.png"), ("foto.png", "wave.png"), ("photo.png", "wave.png", "--mask", "m.png")]
)
def test_a_file_that_is_not_there_is_told_before_any_weights_are_fetched(gantool, here, monkeypatch, words):
    def never(text):
        raise AssertionError("asked for an extractor")

    monkeypatch.setattr("gantool.cli.stylize_setup.find_extractor", never)
    ended = gantool("stylize", *words, "-o", "a.png")
    assert ended.code == 1
    assert "There is no file" in ended.err
