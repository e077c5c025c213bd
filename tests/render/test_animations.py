"""Strips, animations and films: every frame, exact time, repetition, and what is refused."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gantool.errors import GantoolError, OptionError
from gantool.pixels import straight
from gantool.render.animations import check_rate, check_suffix, durations, save_frames


def frames(count: int = 6, channels: int = 3, size: int = 16) -> Tensor:
    """A bright square that moves over a slope of colours."""
    slope = torch.linspace(40, 200, size).expand(channels, size, size)
    made = torch.stack([slope * (1 - 0.2 * channel) for channel in range(channels)]).mean(0).expand(count, -1, -1, -1)
    made = made.clone()
    for index in range(count):
        made[index, :, 4:8, index * 2 : index * 2 + 4] = 255
    return made.to(torch.uint8)


def read(path: Path) -> tuple[list[np.ndarray], list[int], dict]:
    pictures, times = [], []
    with Image.open(path) as opened:
        info = dict(opened.info)
        for index in range(opened.n_frames):
            opened.seek(index)
            opened.load()
            pictures.append(np.asarray(opened.convert("RGB")).astype(int))
            times.append(opened.info["duration"])
    return pictures, times, info


def even(fps: int, count: int = 6) -> list[Fraction]:
    return [Fraction(1, fps)] * count


def error(pictures: list[np.ndarray], made: Tensor) -> float:
    expected = made.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy().astype(int)
    return float(np.abs(np.stack(pictures) - expected).mean())


@pytest.mark.parametrize("fps", [1, 12, 24, 25, 30, 50])
@pytest.mark.parametrize("unit", [1, 10])
def test_durations_keep_the_rate_over_the_whole(fps: int, unit: int) -> None:
    times = durations([Fraction(1, fps)] * fps * 7, unit)
    assert sum(times) == 7000
    assert all(time % unit == 0 for time in times)
    assert max(times) - min(times) <= unit


def test_a_frame_too_short_for_players_takes_its_time_from_the_next() -> None:
    assert durations([Fraction(5, 1000), Fraction(40, 1000), Fraction(40, 1000)], 10, shortest=20) == [20, 20, 40]


def test_a_strip_is_the_frames_side_by_side(tmp_path: Path) -> None:
    made = frames()
    save_frames(tmp_path / "strip.png", made, even(10), plays=1)
    strip = np.asarray(Image.open(tmp_path / "strip.png"))
    assert strip.shape == (16 + 4, 6 * 18 + 2, 3)
    assert np.array_equal(strip[2:18, 2:18], made[0].permute(1, 2, 0).numpy())
    assert np.array_equal(strip[2:18, -18:-2], made[-1].permute(1, 2, 0).numpy())


@pytest.mark.parametrize(("suffix", "tolerance"), [(".apng", 0.0), (".gif", 3.0), (".webp", 6.0)])
@pytest.mark.parametrize("loop", [True, False])
def test_animations_have_every_frame_and_the_right_time(
    tmp_path: Path, suffix: str, tolerance: float, loop: bool
) -> None:
    path, made = tmp_path / f"walk{suffix}", frames()
    save_frames(path, made, even(30), plays=0 if loop else 1)
    pictures, times, info = read(path)
    assert len(pictures) == 6
    assert sum(times) == 200
    assert error(pictures, made) <= tolerance
    assert info.get("loop") == (0 if loop else None if suffix == ".gif" else 1)


@pytest.mark.parametrize("suffix", [".apng", ".gif", ".webp"])
def test_each_frame_keeps_its_time_and_its_transparent_parts_and_the_whole_its_repetitions(
    tmp_path: Path, suffix: str
) -> None:
    path, made = tmp_path / f"sprite{suffix}", frames(4)
    alpha = torch.zeros(4, 1, 16, 16, dtype=torch.uint8)
    for index in range(4):
        alpha[index, :, :, : 4 * index + 4] = 255
    times = [Fraction(each, 100) for each in (4, 50, 4, 12)]
    save_frames(path, torch.cat([made.minimum(alpha), alpha], 1), times, plays=3)
    with Image.open(path) as opened:
        assert opened.info["loop"] == (2 if suffix == ".gif" else 3)
    assert read(path)[1] == [40, 500, 40, 120]
    with Image.open(path) as opened:
        for index in range(4):
            opened.seek(index)
            got = np.asarray(opened.convert("RGBA")).astype(int)
            assert np.array_equal(got[..., 3], alpha[index, 0])
            shown = got[..., 3] > 0
            assert np.abs(got[..., :3][shown] - made[index].permute(1, 2, 0).numpy()[shown]).mean() < 6


def test_grey_gifs_are_exact(tmp_path: Path) -> None:
    made = frames(channels=1)
    save_frames(tmp_path / "grey.gif", made, even(10), plays=0)
    assert error(read(tmp_path / "grey.gif")[0], made) == 0


def test_a_gifs_still_colours_do_not_flicker(tmp_path: Path) -> None:
    save_frames(tmp_path / "a.gif", frames(), even(10), plays=0)
    pictures = np.stack(read(tmp_path / "a.gif")[0])
    assert (pictures[:, 12:] == pictures[0, 12:]).all()


@pytest.mark.parametrize(("channels", "size"), [(3, 32), (1, 32), (3, 29)])
def test_films_have_every_frame_even_sides_and_the_colours(tmp_path: Path, channels: int, size: int) -> None:
    av = pytest.importorskip("av")
    path, made = tmp_path / "walk.mp4", frames(channels=channels, size=size)
    save_frames(path, made, even(25), plays=1)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 25
        assert stream.codec_context.pix_fmt == "yuv420p"
        decoded = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(stream)]
    assert decoded[0].shape == (size + size % 2, size + size % 2, 3)
    assert len(decoded) == len(made)
    assert error([picture[:size, :size] for picture in decoded], made) < 6


def sprites(count: int = 4, size: int = 16) -> Tensor:
    """A square that moves over nothing: opaque red, with a rim at half alpha."""
    made = torch.zeros(count, 4, size, size, dtype=torch.uint8)
    for index in range(count):
        rim, inside = slice(index, index + 8), slice(index + 1, index + 7)
        made[index, :, 4:12, rim] = torch.tensor([90, 0, 0, 90], dtype=torch.uint8).view(4, 1, 1)
        made[index, :, 5:11, inside] = torch.tensor([255, 0, 0, 255], dtype=torch.uint8).view(4, 1, 1)
    return made


def read_alpha(path: Path) -> np.ndarray:
    found = []
    with Image.open(path) as opened:
        for index in range(getattr(opened, "n_frames", 1)):
            opened.seek(index)
            found.append(np.asarray(opened.convert("RGBA")).astype(int))
    return np.stack(found)


@pytest.mark.parametrize(("suffix", "tolerance"), [(".apng", 0), (".webp", 20)])
def test_animations_keep_transparency(tmp_path: Path, suffix: str, tolerance: int) -> None:
    path, made = tmp_path / f"walk{suffix}", sprites()
    save_frames(path, made, even(10, 4), plays=0)
    expected = torch.stack([straight(frame) for frame in made]).permute(0, 2, 3, 1).numpy().astype(int)
    found = read_alpha(path)
    assert np.abs(found[..., 3] - expected[..., 3]).max() <= tolerance / 2
    opaque = expected[..., 3] == 255
    assert np.abs(found - expected)[opaque].mean() <= tolerance


def test_a_strip_keeps_transparency(tmp_path: Path) -> None:
    save_frames(tmp_path / "strip.png", sprites(), even(10, 4), plays=1)
    (strip,) = read_alpha(tmp_path / "strip.png")
    assert strip.shape == (20, 4 * 18 + 2, 4)
    assert (strip[:2] == 0).all()
    assert np.array_equal(strip[2:18, 2:18], straight(sprites()[0]).permute(1, 2, 0).numpy())


def test_a_gif_cuts_transparency_at_the_half_and_each_frame_replaces_the_last(tmp_path: Path) -> None:
    made = sprites()
    made[:, :, 4, 6] = torch.tensor([0, 0, 200, 200], dtype=torch.uint8)
    save_frames(tmp_path / "a.gif", made, even(10, 4), plays=0)
    found = read_alpha(tmp_path / "a.gif")
    alpha = made[:, 3].numpy()
    assert np.array_equal(found[..., 3], np.where(alpha < 128, 0, 255))
    assert np.abs(found[:, 8, 6, :3] - [255, 0, 0]).max() <= 4
    assert np.abs(found[:, 4, 6, :3] - [0, 0, 255]).max() <= 4


def test_a_film_lays_transparency_on_white(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    save_frames(tmp_path / "a.mp4", sprites(size=32), even(10, 4), plays=1)
    with av.open(str(tmp_path / "a.mp4")) as container:
        first = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    assert first[20:, 20:].min() > 240
    assert np.abs(first[8, 4] - [255, 0, 0]).max() < 40


def test_a_film_without_pyav_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(GantoolError, match=r"gantool\[video\]"):
        check_suffix(tmp_path / "walk.mp4")


@pytest.mark.parametrize(
    ("name", "hint"), [("walk.gfi", "Did you mean '.gif'"), ("walk", "no suffix"), ("a.avi", ".apng")]
)
def test_other_suffixes_are_refused_with_those_there_are(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(OptionError, match=hint):
        save_frames(tmp_path / name, frames(), even(25), 1)


def test_rates_that_players_cannot_show_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"at most 50 frames a second of a .gif file, not 60; choose .webp"):
        save_frames(tmp_path / "a.gif", frames(), even(60), 1)
    with pytest.raises(OptionError, match=r"choose .mp4"):
        check_rate(Path("a.webp"), 120)
    check_rate(Path("a.mp4"), 960)
    assert not list(tmp_path.iterdir())
