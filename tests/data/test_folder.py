import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pictures import picture, pictures
from PIL import Image

from gantool.builtin.sources.folder import build
from gantool.data.cache.build import CachedSource
from gantool.data.pictures.classes import folder_classes
from gantool.data.pictures.decode import decode
from gantool.data.pictures.natural import natural
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.tree import list_pictures
from gantool.data.survey.check import check
from gantool.data.survey.report import as_text
from gantool.errors import DataError


def built(folder: Path | str, **options: str) -> CachedSource:
    return build(FolderOptions(path=str(folder), **options), resolution=8, channels=3)


def test_every_picture_at_any_depth_in_the_order_of_its_path(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "b.png", "a/deep/er/x.PNG", "a.jpg")
    source = built(folder)
    assert len(source) == 3
    for index, name in enumerate(["a.jpg", "a/deep/er/x.PNG", "b.png"]):
        with (folder / name).open("rb") as file:
            expected = decode(file, FolderOptions(path=""), 8, 3)
        image, label = source[index]
        assert (image.numpy() == expected).all()
        assert label is None


def test_pictures_without_a_suffix_are_found_and_other_files_ignored(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png")
    (folder / "a.png").rename(folder / "d41d8cd98f")
    for name in ("notes.txt", "labels.json", "Thumbs.db", "LICENSE", ".DS_Store"):
        (folder / name).write_text("words")
    pictures(folder, ".hidden.png", ".hidden/x.png", "__MACOSX/x.png", "@eaDir/x.png")
    listing = list_pictures(folder)
    assert [item.path for item in listing.items] == ["d41d8cd98f"]
    assert listing.ignored == ("LICENSE", "Thumbs.db", "labels.json", "notes.txt")


def test_links_that_loop_or_lead_nowhere_stop_nothing(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "sub/a.png")
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "nowhere.png").symlink_to(folder / "gone.png")
    source = built(folder)
    assert len(source) == 1
    assert [skipped.path for skipped in source.skipped] == ["nowhere.png"]


def test_broken_pictures_are_skipped_with_a_reason_and_the_others_keep_their_places(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "c.png")
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes()[:80])
    (folder / "0.png").write_bytes(b"")
    (folder / "d.heic").write_bytes(b"\0\0\0\x18ftypheic")
    source, whole = built(folder), built(pictures(tmp_path / "g", "a.png", "c.png"))
    assert (source.pixels == whole.pixels).all()
    reasons = {skipped.path: skipped.reason for skipped in source.skipped}
    assert list(reasons) == ["0.png", "b.png", "d.heic"]
    assert reasons["0.png"] == "is empty (0 bytes)"
    assert "pillow-heif" in reasons["d.heic"]


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    source = built(pictures(tmp_path / "f", "dog/1.png", "cat/deep/1.png", "cat/2.png"))
    assert source.class_names == ("cat", "dog")
    assert [source[index][1] for index in range(3)] == [0, 0, 1]


def test_a_class_without_usable_pictures_is_none(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "dog/1.png", "cat/1.png")
    (folder / "ape").mkdir()
    (folder / "ape" / "1.png").write_bytes(b"broken")
    assert built(folder).class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("paths", "classes"),
    [
        (["a/1", "b/1"], ["a", "b"]),
        (["wrap/train/a/1", "wrap/train/b/x/1"], ["a", "b"]),
        (["a/1", "a/2"], None),
        (["1", "2"], None),
        (["1", "a/1"], None),
        (["w/1", "w/a/1"], None),
        (["train/a/1", "train/b/1", "test/a/1", "test/b/1"], ["a", "b", "a", "b"]),
        (["set/train/x/a/1", "set/val/x/b/1"], ["a", "b"]),
        (["train/1", "test/1"], None),
        (["train/a/1", "test/a/1"], None),
        (["train/1", "bus/1"], ["train", "bus"]),
        ([], None),
    ],
)
def test_folders_as_classes(paths: list[str], classes: list[str] | None) -> None:
    assert folder_classes(paths)[0] == classes


def test_a_folder_of_nothing_usable_is_an_error_that_counts_and_gives_reasons(tmp_path: Path) -> None:
    for name in "abcde":
        (tmp_path / f"{name}.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"None of the 5 pictures .*a\.png is not a picture"):
        built(tmp_path)


def test_a_folder_without_pictures_says_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pictures: it is empty"):
        built(tmp_path)
    (tmp_path / "photos.zip").write_bytes(b"")
    with pytest.raises(DataError, match=r"1 other file \(photos\.zip\)\. Give the archive itself: .*photos\.zip"):
        built(tmp_path)


def test_paths_that_are_no_folder_are_explained(tmp_path: Path) -> None:
    file = picture(tmp_path / "photos" / "a.png")
    with pytest.raises(DataError, match=r"does not exist\. Did you mean 'photos'"):
        built(tmp_path / "fotos")
    with pytest.raises(DataError, match=r"a single picture\. Give the folder that holds it"):
        built(file)
    (tmp_path / "words.txt").write_text("words")
    with pytest.raises(DataError, match="neither a folder nor"):
        built(tmp_path / "words.txt")


def test_a_url_and_a_pattern_are_told_from_a_path_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is a URL.* curl -L -o faces.zip 'https://a\.b/faces\.zip\?x=1'"):
        built("https://a.b/faces.zip?x=1")
    with pytest.raises(DataError, match=rf"is a pattern.*--data {tmp_path} reads all pictures in it"):
        built(tmp_path / "*" / "*.png")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_the_remedy_for_an_archive_in_an_archive_works_and_names_what_is_there_then(tmp_path: Path, kind: str) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    inner = shutil.make_archive(str(tmp_path / "in" / "inner"), kind, folder)
    outer = shutil.make_archive(str(tmp_path / "my outer"), kind, Path(inner).parent)
    with pytest.raises(DataError, match="is an archive in the archive") as error:
        built(outer)
    command, place = re.findall(r"\(python (-m .*)\) and give (.*)\.$", str(error.value))[0]
    subprocess.run([sys.executable, *shlex.split(command)], cwd=tmp_path, check=True)
    assert len(built(tmp_path / place)) == 2


def test_a_link_to_itself_costs_no_other_file(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "z.png", "zz/z.png")
    (folder / "loop").symlink_to("loop")
    listing = list_pictures(folder)
    assert [item.path for item in listing.items] == ["a.png", "z.png", "zz/z.png"]
    ((path, reason),) = listing.skipped
    assert path == "loop"
    assert "may not be read" in reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_the_folder_does_not_hang(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png")
    os.mkfifo(folder / "pipe.png")
    os.mkfifo(folder / "pipe")
    assert len(built(folder)) == 1


@pytest.fixture
def oddly_named(tmp_path: Path) -> Path:
    """Two classes whose names are no UTF-8, and a broken file whose name has a tab and a line break in it."""
    folder = pictures(tmp_path / "f", "a/1.png", "b/1.png", "b/2.png")
    (folder / "b" / "3\t\n.png").write_bytes(b"broken")
    try:
        for name, byte in (("a", "\udce8"), ("b", "\udce9")):
            (folder / name).rename(folder / f"caf{byte}")
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system has no such names")
    return folder


def test_names_that_are_no_text_are_read_and_become_text(oddly_named: Path) -> None:
    for source in (built(oddly_named), built(oddly_named)):  # decoded, and from the cache
        assert source.class_names == ("caf\ufffd", "caf\ufffd (2)")
        assert [source[index][1] for index in range(3)] == [0, 1, 1]
        (skipped,) = source.skipped
        assert skipped.path == "caf\ufffd/3\\t\\n.png"
    (oddly_named.parent / "\udce9").mkdir()
    moved = oddly_named.rename(oddly_named.parent / "\udce9" / "f")
    assert len(built(moved)) == 3


def test_names_that_are_no_text_are_checked(oddly_named: Path) -> None:
    report = check(FolderOptions(path=str(oddly_named)))
    assert report.classes == {"caf\ufffd": 1, "caf\ufffd (2)": 2}
    assert len(as_text(report).encode()) > 100
    assert report.model_dump_json()


@pytest.mark.parametrize(
    ("sides", "resolution"), [([8], 16), ([28, 30], 28), ([32], 32), ([40], 32), ([64], 64), ([500, 900], 64)]
)
def test_the_natural_resolution_fits_the_median_picture(tmp_path: Path, sides: list[int], resolution: int) -> None:
    for index, side in enumerate(sides):
        picture(tmp_path / f"{index}.png", size=(side, side + 3))
    look = natural(FolderOptions(path=str(tmp_path)))
    assert (look.resolution, look.channels, look.classes) == (resolution, 3, 0)


def test_grey_pictures_in_class_folders_are_naturally_grey_and_labelled(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("L", (28, 28)).save(tmp_path / name / "1.png")
    (tmp_path / "b" / "broken.png").write_bytes(b"")
    look = natural(FolderOptions(path=str(tmp_path)))
    assert (look.resolution, look.channels, look.classes) == (28, 1, 2)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc here")
def test_the_state_of_the_system_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="shows the state of this system"):
        list_pictures("/proc/self")
    pictures(tmp_path, "a.png")
    (tmp_path / "state").symlink_to("/proc/self")
    listing = list_pictures(tmp_path)
    assert [item.path for item in listing.items] == ["a.png"]
    assert listing.skipped == (("state/", "shows the state of the system"),)
