"""`gantool interpolate`: the journey from seeds to a file, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import gantool
from gantool.api.specs import ImageShape
from gantool.cli.app import app
from gantool.engine.model_file import ModelCard, save_generator
from gantool.errors import GantoolError, OptionError
from gantool.plugins.host import host
from gantool.testing import write_untrained


def write_model(path: Path, classes: tuple[str, ...] = (), channels: int = 3) -> None:
    torch.manual_seed(0)
    chosen = host().resolve("architecture", "dcgan:width=8,latent=8")
    gan = chosen.build(ImageShape(16, channels, len(classes)))
    card = ModelCard(architecture=chosen.text, resolution=16, channels=channels, class_names=classes, images_seen=500)
    save_generator(path, gan.generator.state_dict(), card)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    write_model(Path("shapes.safetensors"))
    write_model(Path("pets.safetensors"), ("cat", "dog"))
    return "shapes.safetensors"


def call(*words: str) -> str:
    result = CliRunner().invoke(app, ["interpolate", *words])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def tile(strip: np.ndarray, index: int) -> np.ndarray:
    return strip[2:18, 2 + 18 * index : 18 + 18 * index]


@pytest.mark.parametrize("method", ["auto", "slerp", "lerp", "smooth"])
def test_the_key_frames_of_a_strip_are_the_samples(model: str, method: str) -> None:
    walk = ("--seeds", "1,5,9", "--method", method, "--scale", "1", "-o", "new/strip.png")
    assert call(model, *walk) == "new/strip.png\n"
    strip = np.asarray(Image.open("new/strip.png"))
    assert strip.shape == (20, 17 * 18 + 2, 3)
    for index, picture in zip((0, 8, 16), gantool.load(model).sample([1, 5, 9]), strict=True):
        assert np.array_equal(tile(strip, index), np.asarray(picture))
    assert not np.array_equal(tile(strip, 4), tile(strip, 8))


def test_a_walk_of_small_pictures_is_enlarged_in_a_file_and_kept_as_it_is_in_a_folder(model: str) -> None:
    for out, side in (("walk.webp", 64), ("walk.gif", 64), ("frames", 16)):
        call(model, "--seeds", "1,5", "--frames", "2", "-o", out)
        with Image.open("frames/frame000000.png" if out == "frames" else out) as first:
            assert first.size == (side, side)
    call(model, "--seeds", "1,5", "--frames", "2", "--scale", "2", "-o", "two.webp")
    with Image.open("two.webp") as twice:
        assert twice.size == (32, 32)


def test_a_walk_at_a_coarse_level_is_enlarged_and_fits_by_what_is_drawn(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_untrained(Path("grown.safetensors"), "progressive:fmap_base=64,latent=8", resolution=32)
    monkeypatch.setattr("gantool.cli.interpolate.MOST_PIXELS", 2 * 64 * 64 * 3)
    walk = ("grown.safetensors", "--seeds", "1,5", "--frames", "2", "--level", "4", "-o", "walk.webp")
    call(*walk)
    with Image.open("walk.webp") as first:
        assert first.size == (64, 64)
    with pytest.raises(OptionError, match="2 frames at --scale 17 do not fit in memory"):
        call(*walk, "--scale", "17", "--overwrite")


def test_a_file_that_is_there_is_kept_unless_it_may_go(model: str) -> None:
    Path("mine.png").write_bytes(b"mine")
    with pytest.raises(OptionError, match=r"mine\.png is there already"):
        call(model, "--seeds", "1,5", "-o", "mine.png")
    assert Path("mine.png").read_bytes() == b"mine"
    call(model, "--seeds", "1,5", "-o", "mine.png", "--overwrite")
    assert Path("mine.png").read_bytes().startswith(b"\x89PNG")


def test_a_looping_animation_lasts_a_second_a_step_and_returns(model: str) -> None:
    described = json.loads(
        call(model, "--seeds", "1,5", "--loop", "--fps", "20", "--scale", "2", "-o", "a.apng", "--json")
    )
    assert described == {"files": ["a.apng"], "seeds": [1, 5], "frames": 40, "fps": 20, "loop": True}
    with Image.open("a.apng") as animation:
        assert (animation.n_frames, animation.size, animation.info["loop"]) == (40, (32, 32), 0)
        first, last = np.asarray(animation.convert("RGB")).astype(int), None
        animation.seek(39)
        last = np.asarray(animation.convert("RGB")).astype(int)
    expected = np.asarray(gantool.load(model).sample([1])[0].resize((32, 32), Image.Resampling.NEAREST))
    assert np.array_equal(first, expected)
    assert 0 < np.abs(first - last).mean() < 10


def test_a_walk_without_a_w_space_stays_in_a_class_and_says_so(model: str) -> None:
    result = CliRunner().invoke(
        app, ["interpolate", "pets.safetensors", "--seeds", "3,4", "--scale", "1", "-o", "a.png"]
    )
    assert "'dog'" in result.stderr
    assert result.stdout == "a.png\n"
    expected = gantool.load("pets.safetensors").sample([4], labels="dog")[0]
    assert np.array_equal(tile(np.asarray(Image.open("a.png")), 8), np.asarray(expected))


def test_a_folder_gets_numbered_frames(model: str) -> None:
    printed = call(model, "--seeds", "4,7", "--frames", "3", "-o", "walk/frames", "--json")
    assert json.loads(printed)["files"] == [f"walk/frames/frame{index:06d}.png" for index in range(3)]
    expected = gantool.load(model).sample([4, 7])
    for name, picture in zip(("frame000000", "frame000002"), expected, strict=True):
        assert np.array_equal(np.asarray(Image.open(f"walk/frames/{name}.png")), np.asarray(picture))
    with pytest.raises(OptionError, match=r"frame000000.png is there already.*--overwrite"):
        call(model, "--seeds", "4,7", "--frames", "3", "-o", "walk/frames")
    call(model, "--seeds", "7,4", "--frames", "3", "-o", "walk/frames", "--overwrite")
    with pytest.raises(OptionError, match=r"frame000002.png is of a longer work"):
        call(model, "--seeds", "7,4", "--frames", "2", "-o", "walk/frames", "--overwrite")


def test_a_folder_that_cannot_take_the_frames_is_told_before_a_model_is_read(tmp_path: Path) -> None:
    (tmp_path / "frame000001.png").touch()
    (tmp_path / "file").touch()
    for out, more, said in (
        (tmp_path, (), r"frame000001.png is there already"),
        (tmp_path / "file", (), r"frame000000.png cannot be written"),
        (tmp_path / "file" / "in", ("--overwrite",), r"frame000000.png cannot be written"),
    ):
        with pytest.raises(OptionError, match=said):
            call("missing.safetensors", "-o", str(out), *more)


def test_truncation_goes_from_a_value_to_another(model: str) -> None:
    call(model, "--seeds", "4", "--frames", "3", "--truncation", "0.5-1", "--scale", "1", "-o", "a.png")
    strip = np.asarray(Image.open("a.png"))
    for index, psi in enumerate([0.5, 0.75, 1.0]):
        (expected,) = gantool.load(model).sample([4], truncation=psi)
        assert np.array_equal(tile(strip, index), np.asarray(expected))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-o", "a.avi"], r"\.png, \.apng, \.gif, \.webp, \.mp4"),
        (["-o", "a.webp", "--seeds", "4"], "two seeds"),
        (["-o", "a.webp", "--frames", "3"], "--frames 3"),
        (["-o", "a.webp", "--truncation", "0.5-3"], "from 0 to 2, or two as in 0.3-1, not 0.5-3"),
        (["-o", "a.webp", "--truncation", "-1"], "from 0 to 2"),
        (["-o", "a.gif", "--fps", "60"], "at most 50 frames"),
        (["-o", "a.webp", "--frames", "100000", "--scale", "32"], "lower --frames or --scale"),
        (["-o", "a.webp", "--label", "cat"], "without labels"),
        (["-o", "shapes.safetensors/a.png"], "no file can be made"),
    ],
)
def test_what_cannot_be_is_explained(model: str, words: list[str], reason: str) -> None:
    with pytest.raises(GantoolError, match=reason):
        call(model, *words)
    assert not list(Path().glob("a.*"))


def test_a_wrong_method_is_wrong_usage(model: str) -> None:
    result = CliRunner().invoke(app, ["interpolate", model, "--method", "spline", "-o", "a.png"])
    assert result.exit_code == 2
    assert "slerp" in result.stderr


@pytest.mark.parametrize(("suffix", "said"), [(".webp", ""), (".png", ""), (".gif", "hard"), (".mp4", "on white")])
def test_transparency_is_kept_or_its_loss_is_told(model: str, suffix: str, said: str) -> None:
    if suffix == ".mp4":
        pytest.importorskip("av")
    write_model(Path("sprites.safetensors"), channels=4)
    done = CliRunner().invoke(
        app, ["interpolate", "sprites.safetensors", "--seeds", "1,2", "--frames", "3", "-o", f"a{suffix}"]
    )
    assert done.exit_code == 0, done.output
    assert said in done.stderr if said else not done.stderr
    if suffix != ".mp4":
        with Image.open(f"a{suffix}") as opened:
            assert opened.convert("RGBA").getchannel("A").getextrema()[0] < 255
