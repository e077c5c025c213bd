import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from pictures import pictures

from gantool.builtin.sources.folder import build
from gantool.data.cache.build import CachedSource
from gantool.data.pictures import archive as module
from gantool.data.pictures.natural import natural
from gantool.data.pictures.options import FolderOptions
from gantool.data.pictures.tree import list_pictures
from gantool.errors import DataError

NAMES = ("w/b/2.png", "w/a/1.png", "w/a/0.png", "w/a/notes.txt", "__MACOSX/w/a/._1.png")


def built(path: Path) -> CachedSource:
    return build(FolderOptions(path=str(path)), resolution=8, channels=3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = pictures(tmp_path / "f", *(name for name in NAMES if name.endswith("g")))
    (folder / "w/a/notes.txt").write_text("words")
    return folder


def packed(folder: Path, suffix: str) -> Path:
    target = folder.parent / f"packed{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in NAMES:
                archive.write(folder / name, name)
    else:
        with tarfile.open(target, f"w:{suffix.partition('.tar')[2].lstrip('.')}") as archive:
            for name in NAMES:
                archive.add(folder / name, name)
    return target


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tar.xz"])
def test_an_archive_gives_what_its_folder_gives(folder: Path, suffix: str) -> None:
    path = packed(folder, suffix)
    there, here = built(folder), built(path)
    assert (there.pixels == here.pixels).all()
    assert here.class_names == there.class_names == ("a", "b")
    assert here.fingerprint == there.fingerprint
    assert list_pictures(path).ignored == ("w/a/notes.txt",)
    assert natural(FolderOptions(path=str(path))).classes == 2


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_nothing_is_unpacked(folder: Path, suffix: str) -> None:
    path = packed(folder, suffix)
    before = sorted(folder.parent.glob("**/*"))
    list_pictures(path)
    assert sorted(folder.parent.glob("**/*")) == before


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_an_archive_is_looked_through_again_only_once_it_has_changed(
    folder: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, listing = [], module._listing
    monkeypatch.setattr(module, "_listing", lambda *found: looked.append(found) or listing(*found))
    path = packed(folder, suffix)
    one, other = list_pictures(path), list_pictures(path)
    assert len(looked) == 1
    assert one == other
    (folder / "w/a/0.png").rename(folder / "w/a/0.notes")
    monkeypatch.setattr("test_archive.NAMES", (*NAMES[:2], "w/a/0.notes", *NAMES[3:]))
    assert len(list_pictures(packed(folder, suffix)).items) == len(one.items)
    assert len(looked) == 2


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_a_damaged_archive_is_named(folder: Path, suffix: str) -> None:
    path = packed(folder, suffix)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match=rf"packed\{suffix} (is|holds no pictures)"):
        built(path)


def test_a_picture_damaged_inside_a_zip_is_skipped(folder: Path) -> None:
    path = packed(folder, ".zip")
    content = bytearray(path.read_bytes())
    content[100:140] = bytes(40)
    path.write_bytes(content)
    source = built(path)
    assert [skipped.path for skipped in source.skipped] == ["w/b/2.png", "w/a/notes.txt"]
    assert len(source) == 2


def test_another_file_damaged_inside_a_zip_costs_no_picture(folder: Path) -> None:
    path = packed(folder, ".zip")
    with zipfile.ZipFile(path, "a") as archive:
        start = archive.start_dir
        archive.writestr("w/LICENSE", "words")
    content = bytearray(path.read_bytes())
    content[start : start + 4] = b"XXXX"  # its local header
    path.write_bytes(content)
    listing = list_pictures(path)
    assert len(listing.items) == 3
    ((name, reason),) = listing.skipped
    assert name == "w/LICENSE"
    assert "is damaged" in reason
    assert len(built(path)) == 3


def test_encrypted_and_oversized_pictures_are_skipped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(folder, ".zip")
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1  # the first entry claims to be encrypted
    path.write_bytes(content)
    monkeypatch.setattr(module, "MAX_FILE_BYTES", (folder / "w/a/1.png").stat().st_size - 1)
    (folder / "w/a/1.png").write_bytes(b"")
    with pytest.raises(DataError, match="None of the 2 pictures") as error:
        built(path)
    assert "encrypted" in str(error.value)
    assert "the limit is" in str(error.value)


def test_an_entry_that_climbs_out_is_only_read(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "evil.tar"
    data = (folder / "w/a/1.png").read_bytes()
    with tarfile.open(path, "w") as archive:
        for name, kind in (("../../evil.png", tarfile.REGTYPE), ("link.png", tarfile.SYMTYPE)):
            member = tarfile.TarInfo(name)
            member.size, member.type, member.linkname = len(data), kind, "/etc/passwd"
            archive.addfile(member, io.BytesIO(data) if kind == tarfile.REGTYPE else None)
    assert [item.path for item in list_pictures(path).items] in ([], ["../../evil.png"])
    assert not (tmp_path.parent.parent / "evil.png").exists()
