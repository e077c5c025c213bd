import io
import shutil
import zipfile
from pathlib import Path

import pytest
from pictures import picture, pictures
from PIL import Image

from gantool.builtin.sources.folder import build
from gantool.data.pictures.formats import FOREIGN, SUFFIXES, is_picture, is_picture_name
from gantool.data.pictures.listing import is_inside_hidden
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.tree import list_pictures
from gantool.data.survey.check import check
from gantool.data.survey.report import as_text

Image.init()
WITHOUT_MAGIC = {"IM", "IMT", "IPTC", "PCD", "SPIDER", "TGA"}


def test_every_format_that_pillow_reads_has_its_suffixes() -> None:
    readable = {suffix for suffix, name in Image.registered_extensions().items() if name in Image.OPEN}
    foreign = {suffix for suffix, name in Image.registered_extensions().items() if name in FOREIGN}
    assert readable - foreign <= SUFFIXES


@pytest.mark.parametrize(
    ("path", "named", "hidden"),
    [
        ("a/b.PNG", True, False),
        ("./a.jpeg", True, False),
        ("a.png/b", False, False),
        ("a/.png", False, True),
        ("a.b/c.", False, False),
        (".a/b.png", True, True),
        ("a/__MACOSX/b.tif", True, True),
        ("/a//b.gif", True, False),
        ("../b.gif", True, True),
    ],
)
def test_names_alone_tell_pictures_and_hidden_files(path: str, named: bool, hidden: bool) -> None:
    assert (is_picture_name(path), is_inside_hidden(path)) == (named, hidden)


@pytest.mark.parametrize("format", sorted(Image.SAVE.keys() & Image.OPEN.keys() - FOREIGN - WITHOUT_MAGIC))
def test_the_first_bytes_tell_a_picture_of_every_format_that_has_some(format: str) -> None:
    file = io.BytesIO()
    for mode in ("RGB", "L", "P", "1", "F"):
        try:
            Image.new(mode, (16, 16)).save(file, format)
            break
        except (OSError, ValueError, KeyError):
            file = io.BytesIO()
    if not file.getvalue():
        pytest.skip(f"{format} saves none of the usual modes")
    file.seek(0)
    assert is_picture(file)


@pytest.mark.parametrize("side", [10_000, 20_000])  # of which Pillow warns, and which it refuses
def test_a_picture_that_is_far_too_large_is_one_by_its_first_bytes(side: int) -> None:
    assert is_picture(io.BytesIO(f"P4 {side} {side}\n".encode()))


@pytest.mark.parametrize("words", [b"", b"BM", b"BMW is a car", b"Python", b"#define X 1\n", b"\n\2\0", b"P5 words"])
def test_a_text_that_begins_like_a_picture_is_none(words: bytes) -> None:
    assert not is_picture(io.BytesIO(words))


def test_pictures_of_any_suffix_are_used_and_the_others_named(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.jpg", "b.png", "c.webp", "d.bmp", "e.ppm", "f.ico")
    for old, new in (
        ("a.jpg", "E0.jpg_large"), ("b.png", "shot 2024-05-01 12.30.05"), ("c.webp", "c.jpg!d"), ("d.bmp", "d.txt"),
        ("e.ppm", "e"), ("f.ico", "f.~1~"),
    ):  # fmt: skip
        (folder / old).rename(folder / new)
    (folder / "notes.txt").write_text("words")
    source = build(FolderOptions(path=str(folder)), resolution=8, channels=3)
    assert len(source) == 6
    assert [(one.path, one.reason) for one in source.skipped] == [("notes.txt", "is not a picture")]
    report = check(FolderOptions(path=str(folder)))
    assert (report.usable, report.ignored, report.others) == (6, 1, ["notes.txt"])
    assert "other files  1: notes.txt" in as_text(report)


def test_an_archive_of_pictures_in_a_folder_is_told_with_its_path(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    shutil.copy(folder / "a.png", folder / "copy.png")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(folder / "a.png", "a.png")
    (folder / "broken.zip").write_bytes(b"PK\3\4 no zip")
    report = check(FolderOptions(path=str(folder)))
    assert report.notes == [
        f"more.zip is an archive of 1 picture, which is not used: to use it, give {folder / 'more.zip'}"
    ]
    assert "1 too many (1 group; the same file twice or more)" in as_text(report)


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_an_archive_beside_the_pictures_of_an_archive_is_told(tmp_path: Path, suffix: str) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    (folder / "inner.zip").write_bytes(b"")
    outer = shutil.make_archive(str(tmp_path / "outer"), suffix, folder)
    (note,) = check(FolderOptions(path=outer)).notes
    assert note.startswith(
        "inner.zip is an archive in the archive, and is not opened. Unpack the outer one (python -m "
    )
    assert note.endswith("and give outer/inner.zip.")


def test_the_files_left_out_are_those_of_now_not_of_when_the_cache_was_built(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "f", "a.png", "b.png")
    (folder / "0.png").write_bytes(b"")
    options = FolderOptions(path=str(folder))
    assert [one.path for one in build(options, 8, 3).skipped] == ["0.png"]
    (folder / "words").write_text("words")
    assert [one.path for one in build(options, 8, 3).skipped] == ["0.png", "words"]


def test_an_archive_among_pictures_is_named_as_one(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "more.tar.gz").write_bytes(b"")
    ((name, reason),) = list_pictures(tmp_path).others
    assert name == "more.tar.gz"
    assert "archive" in reason
