"""Picture files of a source that has them as bytes, in groups: decoded, labelled and cached as a folder's are."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from pictures import picture, pictures
from PIL import Image

from gantool.api.data import PictureFile, PictureFiles, Skipped
from gantool.builtin.sources.folder import build
from gantool.data.cache.build import CachedSource
from gantool.data.pictures import spool
from gantool.data.pictures.options import FolderOptions, PictureOptions
from gantool.data.pictures.spool import cached_pictures, natural_shape
from gantool.data.shards.writing import Packed, packed_of
from gantool.data.survey.surveys import survey_files, survey_folder
from gantool.errors import DataError
from gantool.progress import listening


class Given(PictureFiles):
    """Files in memory, two in a group; `read_groups` has the groups that were read, in order."""

    place, fingerprint = "given/set", "1"

    def __init__(self, files: Sequence[PictureFile], class_names: Sequence[str] = ()) -> None:
        self.files, self.class_names = list(files), class_names
        self.groups = [len(self.files[start : start + 2]) for start in range(0, len(self.files), 2)]
        self.read_groups: list[int] = []

    def read(self, group: int) -> Iterator[PictureFile]:
        self.read_groups.append(group)
        yield from self.files[2 * group : 2 * group + 2]


def noise(seed: int, size: tuple[int, int] = (8, 8)) -> bytes:
    out = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def deep(low: int, high: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.linspace(low, high, 64).astype(np.uint16).reshape(8, 8)).save(out, "PNG")
    return out.getvalue()


def cached(files: PictureFiles, **options: str) -> CachedSource:
    source = cached_pictures(files, PictureOptions(**options), 8, 3)
    assert isinstance(source, CachedSource)
    return source


@pytest.fixture(params=[1, 1 << 28])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file by itself, or all together."""
    monkeypatch.setattr(spool, "_AT_ONCE", request.param)


@pytest.mark.usefixtures("at_once")
def test_they_are_the_images_of_a_folder_with_the_same_files(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a/0.png", "a/1.png", "b/2.png", "b/3.png", "b/4.png")
    paths = sorted(folder.rglob("*.png"))
    files = [PictureFile(path.name, path.read_bytes(), int(path.parent.name == "b")) for path in paths]
    source, other = cached(Given(files, ["a", "b"])), build(FolderOptions(path=str(folder)), 8, 3)
    assert source.fingerprint == other.fingerprint
    assert source.class_names == other.class_names == ("a", "b")
    assert (source.pixels == other.pixels).all()


@pytest.mark.usefixtures("at_once")
def test_what_cannot_be_used_is_left_out_with_its_name_and_the_reason() -> None:
    files = Given([
        PictureFile("none", None, 0, "is null"),
        PictureFile("good", noise(0), 1),
        PictureFile("empty", b"", 1),
        PictureFile("text", b"words", 0),
        PictureFile("cut", noise(1)[:80], 0),
        PictureFile("last", noise(2), 0),
    ], ["x", "y"])  # fmt: skip
    files.skipped, files.notes = [Skipped("b.parquet", "is damaged")], ["A note."]
    source = cached(files)
    assert len(source) == 2
    assert [source[index][1] for index in range(2)] == [1, 0]
    found = {one.path: one.reason for one in source.skipped}
    assert found.keys() == {"none", "empty", "text", "cut", "b.parquet"}
    assert found["none"] == "is null"
    assert found["empty"] == "is empty (0 bytes)"
    assert "ends too early" in found["cut"]
    assert source.notes == ("A note.",)


def test_a_file_that_is_too_large_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MAX_FILE_BYTES", 200)
    source = cached(Given([PictureFile("big", bytes(300)), PictureFile("flat", _flat())]))
    assert [(one.path, one.reason[:14]) for one in source.skipped] == [("big", "has 300 bytes;")]


def _flat() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


@pytest.mark.usefixtures("at_once")
def test_pictures_of_16_bits_have_the_range_of_all_of_them() -> None:
    contents = {"dark": deep(0, 900), "plain": noise(0), "light": deep(0, 4000)}
    files = Given([PictureFile(name, content) for name, content in contents.items()])
    source = cached(files)
    assert source.pixels[0].max() < 60
    assert source.pixels[2].max() > 245
    assert "taken as 12 bits" in source.notes[0]
    assert files.read_groups == [0, 1, 0]  # the dark one once more
    assert cached(files, range="full").pixels[2].max() < 20


def test_the_second_time_nothing_is_read() -> None:
    first = cached(Given([PictureFile(str(seed), noise(seed)) for seed in range(3)]))
    again = Given([PictureFile(str(seed), noise(seed)) for seed in range(3)])
    assert cached(again).fingerprint == first.fingerprint
    assert again.read_groups == []
    again.fingerprint = "2"
    assert cached(again).fingerprint == first.fingerprint
    assert again.read_groups == [0, 1]


@pytest.mark.parametrize(
    ("labels", "names", "expected"),
    [([10, 9, 10], ("9", "10"), [1, 0, 1]), (["b", "a", "a"], ("a", "b"), [1, 0, 0]), ([None] * 3, (), [None] * 3)],
)
def test_labels_without_names_are_numbers_by_value_or_words_by_letter(labels, names, expected) -> None:
    source = cached(Given([PictureFile(str(seed), noise(seed), label) for seed, label in enumerate(labels)]))
    assert source.class_names == names
    assert [source[index][1] for index in range(3)] == expected


def test_names_keep_their_numbers_and_what_has_none_is_told() -> None:
    some = Given([PictureFile(str(seed), noise(seed), 2 * seed) for seed in range(2)], ["z", "y", "x"])
    source = cached(some)
    assert source.class_names == ("z", "y", "x")
    assert [source[index][1] for index in range(2)] == [0, 2]
    assert source.notes == ("1 of 3 classes have no picture, as y.",)
    bare = Given([PictureFile(str(seed), noise(seed + 9), seed - 1) for seed in range(2)], ["z", "y"])
    source = cached(bare)
    assert source.class_names == ()
    assert source.notes == ("1 of 2 pictures have no label, so there are no classes.",)


def test_files_that_are_not_as_announced_are_an_error() -> None:
    files = Given([PictureFile("a", noise(0))])
    files.groups = [2]
    with pytest.raises(DataError, match="given/set: group 0 gave 1 pictures, and 2 were announced"):
        cached(files)

    class Failing(Given):
        def read(self, group: int) -> Iterator[PictureFile]:
            raise RuntimeError("no")

    with pytest.raises(DataError, match="reading group 0 failed with RuntimeError: no"):
        cached(Failing([PictureFile("a", noise(0))]))
    with pytest.raises(DataError, match="The only picture in given/set cannot be used: a is not a picture"):
        cached(Given([PictureFile("a", b"words")]))


@pytest.mark.usefixtures("at_once")
def test_a_build_that_was_interrupted_goes_on_with_all_labels_and_names(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr("gantool.data.cache.journal.SECONDS", 0.0)
    contents = [noise(0), b"words", deep(0, 900), noise(3), deep(0, 4000), noise(5)]
    files = [PictureFile(f"row {row}", content, "ab"[row % 2]) for row, content in enumerate(contents)]
    whole = cached(Given(files))
    for folder in cache.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    totals = []

    def listen(label: str, done: int, total: int) -> None:
        totals.append(total)
        if done == 4 and len(set(totals)) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), listening(listen):
        cached(Given(files))
    with listening(listen):
        source = cached(Given(files))
    assert min(totals) < len(files)  # the rest alone was decoded
    assert (source.pixels == whole.pixels).all()
    assert (source.fingerprint, source.skipped, source.notes) == (whole.fingerprint, whole.skipped, whole.notes)
    assert sorted(path.name for path in source.folder.iterdir()) == ["index.json", "pixels.u8"]


def test_the_natural_shape_is_that_of_a_few_headers() -> None:
    files = [PictureFile(str(seed), noise(seed, (40, 50)), seed % 2) for seed in range(9)]
    look = natural_shape(Given(files, ["a", "b"]))
    assert (look.resolution, look.channels, look.classes, look.pictures) == (32, 3, 2, 9)


def test_a_survey_has_the_facts_of_the_files(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a/0.png", "b/1.png")
    picture(folder / "b" / "2.jpg", 2, (16, 9))
    (folder / "b" / "3.png").write_bytes(b"words")
    paths = sorted(path for path in folder.rglob("*.*"))
    files = Given([PictureFile(str(path.relative_to(folder)), path.read_bytes(), path.parent.name) for path in paths])
    one, other = survey_files(files, PictureOptions(), "given"), survey_folder(FolderOptions(path=str(folder)))
    assert one.answers == other.answers
    assert (one.paths, one.broken, one.classes) == (other.paths, other.broken, other.classes)


def test_they_are_packed_as_they_are_in_a_random_order() -> None:
    files = [PictureFile(f"row {seed}", noise(seed), "ab"[seed % 2]) for seed in range(20)]
    files[4] = PictureFile("row 4", b"words", "a")
    packed = list(packed_of(Given(files)))
    whole = [one for one in packed if isinstance(one, Packed)]
    assert [one[0] for one in packed if not isinstance(one, Packed)] == ["row 4"]
    good = [(one.content, one.label) for one in files if one.name != "row 4"]
    found = [(one.content, one.label) for one in whole]
    assert sorted(found) == sorted(good)
    assert found != good
    assert {one.suffix for one in whole} == {"png"}


def test_what_a_killed_packing_leaves_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANTOOL_CACHE", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    files = Given([PictureFile(f"row {seed}", noise(seed)) for seed in range(4)])
    packing = packed_of(files)
    next(packing)
    (waiting,) = tmp_path.iterdir()
    waiting.rename(waiting.with_name(waiting.name.replace(str(os.getpid()), str(dead.pid))))
    assert len(list(packed_of(files))) == 4
    assert list(tmp_path.iterdir()) == []
