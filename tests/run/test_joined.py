"""Several sources as one, and a drawn part of one."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gantool.api.data import Source
from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Component, Options, option
from gantool.data.batches import open_batches
from gantool.errors import UnknownNameError
from gantool.plugins.host import host
from gantool.run.components import resolve_source
from gantool.run.config import spread
from gantool.run.joined import joined_text


def pictures(folder: Path, *names: str, side: int = 16) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(len(name) + side).integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    one = pictures(tmp_path / "one, a+b", "cat/1.png", "dog/12.png")
    other = pictures(tmp_path / "two", "ape/1.png", "cat/12.png", "cat/123.png", side=32)
    return str(one), str(other)


def test_sources_are_joined_one_after_another(two: tuple[str, str]) -> None:
    chosen = resolve_source(host(), joined_text(two))
    parts = [resolve_source(host(), text) for text in two]
    look = chosen.natural()
    assert look is not None
    assert look.resolution == 16
    joined = chosen.build(resolution=8, channels=3)
    images = [source[index][0] for source in (part.build(resolution=8, channels=3) for part in parts)
              for index in range(len(source))]  # fmt: skip
    assert [bool((joined[index][0] == image).all()) for index, image in enumerate(images)] == [True] * 5
    labels = [joined[index][1] for index in range(5)]
    assert [joined.class_names[label] for label in labels] == ["cat", "dog", "ape", "cat", "cat"]
    assert f"Joined: 2 of {two[0]}, 3 of {two[1]}." in joined.notes


def test_the_text_of_joined_sources_is_read_back_the_same(two: tuple[str, str]) -> None:
    chosen = resolve_source(host(), joined_text([two[0], f"{two[1]}:fit=pad", "shapes:count=10"]))
    assert resolve_source(host(), chosen.text).text == chosen.text
    assert spread({"data": ["a"]}) == {"data": "a"}


def test_joined_sources_are_cached_and_trained_on_as_one(two: tuple[str, str]) -> None:
    source = resolve_source(host(), joined_text(two)).build(resolution=8, channels=3)
    batches = open_batches(
        source, name="joined", resolution=8, channels=3, seed=0, flip=False, labels=True, device=torch.device("cpu")
    )
    _, labels = batches.take(0, 5)
    assert batches.count == 5
    assert labels is not None
    assert sorted(labels.tolist()) == [0, 0, 0, 1, 2]


def test_a_source_without_classes_leaves_the_whole_without(two: tuple[str, str], tmp_path: Path) -> None:
    bare = str(pictures(tmp_path / "bare", "1.png"))
    joined = resolve_source(host(), joined_text([two[0], bare])).build(resolution=8, channels=3)
    assert joined.class_names == ()
    assert joined[0][1] is None
    assert joined.notes[-1] == f"Without classes, since {bare} has none."


def test_a_run_on_joined_sources_resumes_where_they_have_moved(gantool, two, tmp_path):
    arch = "mlp:generator_hidden=8,discriminator_hidden=8"
    settings = ["train", "--arch", arch, "--batch", "2", "--resolution", "8", "-q", "--augment", "none", "--out",
                str(tmp_path / "runs"), "--name", "both"]  # fmt: skip
    other = shutil.copytree(two[1], tmp_path / "moved")
    for images, last in (("4", two[1]), ("8", two[1]), ("12", str(other))):
        done = gantool(*settings, "--data", two[0], "--data", last, "--images", images)
        assert done.code == 0, done.err
    (run,) = (tmp_path / "runs").iterdir()
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["images_seen"] == 12
    done = gantool(*settings, "--data", two[0], "--data", f"{other}:fit=pad", "--images", "16")
    assert done.code != 0
    assert "made with other settings: --data" in done.err


class Place(Options):
    path: str = option(..., "a place")
    shade: int = option(9, "the colour")


class Shades(Source):
    """A source of a plugin, which is read anew each time, since it has no fingerprint."""

    def __init__(self, options: Place, resolution: int, channels: int) -> None:
        assert Path(options.path).is_dir()
        self._image = torch.full((channels, resolution, resolution), options.shade, dtype=torch.uint8)

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int):
        return self._image + index, None


class ShadesPlugin:
    @hookimpl
    def gantool_sources(self):
        return [Component("shades", "Shades", Place, f"{__name__}:Shades")]


def test_a_run_on_sources_without_a_fingerprint_resumes_where_they_have_moved(gantool, gantool_host, two, tmp_path):
    gantool_host.add(ShadesPlugin(), "gantool-shades")
    base = ["train", "--arch", "mlp:generator_hidden=8,discriminator_hidden=8", "--batch", "2", "--resolution", "8",
            "-q", "--augment", "none", "--out", str(tmp_path / "runs")]  # fmt: skip
    moved = tmp_path / "moved"
    moved.mkdir()
    for name, more in (("alone", ()), ("both", ("--data", two[0]))):
        for images, place in (("4", tmp_path), ("8", moved)):
            done = gantool(*base, "--name", name, *more, "--data", f"shades:path={place}", "--images", images)
            assert done.code == 0, done.err
    done = gantool(*base, "--name", "alone", "--data", f"shades:path={moved},shade=8", "--images", "12")
    assert done.code == 1
    assert "made with other settings: --data" in done.err


def test_joined_sources_have_their_own_names_in_messages_and_folders(gantool, two, tmp_path):
    quick = ["--arch", "mlp:generator_hidden=8,discriminator_hidden=8", "--batch", "2", "--images", "2", "-q",
             "--augment", "none", "--out", str(tmp_path / "runs")]  # fmt: skip
    bare = str(pictures(tmp_path / "bare", "1.png"))
    done = gantool("train", "--data", two[0], "--data", bare, "--labels", "--resolution", "8", *quick)
    assert done.code != 0
    assert f"no classes in the sources {two[0]} and {bare}." in done.err
    assert gantool("train", "--data", two[1], "--data", bare, "--resolution", "8", *quick).code == 0
    assert [run.name for run in (tmp_path / "runs").iterdir()] == ["00001-mlp-two"]
    chosen = resolve_source(host(), joined_text(["shapes", "shapes:seed=1"]))
    assert (chosen.spec.name, chosen.title) == ("shapes and shapes", "Source 'shapes and shapes' of gantool")
    assert chosen.natural().why.startswith("that of the smallest source")


@pytest.mark.long
def test_a_source_that_is_given_twice_is_warned_of(gantool, two):
    quick = ("train", "--arch", "mlp", "--dry-run", "--batch", "2")
    twice = gantool(*quick, "--data", two[0], "--data", f"{two[0]}:fit=pad")
    assert twice.code == 0, twice.err
    assert f"Warning: {two[0]} is given more than once: each of its images counts as often." in twice.err
    once = gantool(*quick, "--data", two[0], "--data", two[1])
    assert "given more than once" not in once.err


def test_the_flag_is_given_again(gantool, two):
    done = gantool("train", "--arch", "mlp", "--data", two[0], "--data", two[1], "--dry-run", "--json", "--batch", "2")
    assert done.code == 0, done.err
    assert done.out.count("folder:path=") >= 2
    with pytest.raises(UnknownNameError, match="no folder or archive"):
        resolve_source(host(), joined_text([two[0], "./gone"]))
    with pytest.raises(UnknownNameError, match="is a URL"):
        resolve_source(host(), "https://example.org/a.zip")
    with pytest.raises(UnknownNameError, match="is a pattern"):
        resolve_source(host(), f"{two[1]}/*.png")


def test_a_seeded_subset_is_the_same_every_time_and_changes_little_with_more_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path / "cache"))
    folder = pictures(tmp_path / "f", *(f"{'x' * number}.png" for number in range(1, 21)))

    def drawn(options: str) -> set[bytes]:
        source = resolve_source(host(), f"{folder}:{options}").build(resolution=16, channels=3)
        return {source[index][0].numpy().tobytes() for index in range(len(source))}

    first = drawn("count=8")
    assert len(first) == 8
    assert drawn("count=8") == first
    assert drawn("count=8,seed=1") != first
    more = resolve_source(host(), f"{folder}:count=50").build(resolution=16, channels=3)
    assert more.notes == ("20 of the 50 pictures asked for by count: there are no more.",)
    assert resolve_source(host(), f"{folder}:count=20").build(resolution=16, channels=3).notes == ()
    assert len(drawn("count=50")) == 20
    pictures(folder, "y.png")
    assert len(drawn("count=8") & first) >= 7
    source = resolve_source(host(), f"{folder}:count=8").build(resolution=16, channels=3)
    assert source.notes == ("8 of 21 pictures, drawn by seed 0.",)
    assert resolve_source(host(), f"{folder}:count=8").natural().pictures == 8
