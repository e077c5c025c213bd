import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from shard_sets import SIDE, png, tar

from gantool.builtin.sources.shards import build
from gantool.data.shards.options import ShardsOptions
from gantool.errors import DataError


def with_member(kind: bytes, name: str = "x", target: str = "/etc/passwd") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        with tarfile.open(path, "w") as archive:
            archive.addfile(info)

    return write


def named(name: str) -> Callable[[Path], None]:
    return lambda path: tar(path, [(name, png(1))]) and None


def of_size(size: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        info = tarfile.TarInfo("0.png")
        info.size = size
        path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + png(1).ljust(1024, b"\0") + bytes(10240))

    return write


def cut(to: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        content = tar(path, [("0.png", png(1)), ("1.png", png(2))]).read_bytes()
        path.write_bytes(content[:to])

    return write


def extended(content: bytes, size: int | None = None) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        info = tarfile.TarInfo("pax")
        info.type, info.size = tarfile.XHDTYPE, len(content) if size is None else size
        path.write_bytes(info.tobuf() + content.ljust(1 << 17, b"\0") + bytes(10240))

    return write


def compressed(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("0.png")
        info.size = len(png(1))
        archive.addfile(info, io.BytesIO(png(1)))


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (with_member(tarfile.SYMTYPE), "holds x, a link or device; a shard holds plain files only"),
        (with_member(tarfile.LNKTYPE), "holds x, a link or device"),
        (with_member(tarfile.CHRTYPE), "holds x, a link or device"),
        (with_member(tarfile.FIFOTYPE), "holds x, a link or device"),
        (with_member(tarfile.GNUTYPE_SPARSE), "holds x, a link or device"),
        (named("/etc/0.png"), "of the name /etc/0.png, which leads out of its folder"),
        (named("a/../../0.png"), "which leads out of its folder"),
        (named("\\\\server\\0.png"), "which leads out of its folder"),
        (named(f"{'long/' * 60}../0.png"), "which leads out of its folder"),
        (of_size(10**18), r"0.png has 1,000,000,000,000,000,000 bytes, and 11,264 follow"),
        (of_size(-1), "is no tar, or damaged|is cut short or damaged"),
        (cut(530), "is cut short or damaged: 0.png has"),
        (cut(1024), "is cut short: it has 1,024 bytes and not the end of a tar"),
        (cut(0), "is cut short"),
        (lambda path: path.write_bytes(b"no tar at all" * 100) and None, "is no tar, or damaged: at byte 0"),
        (extended(b"30 path=/etc/passwd.png\n"), "has a damaged extended header"),
        (extended(b"999999999999999999999999 path=x\n"), "has a damaged extended header"),
        (extended(b"12 size=999\n"), "has a file beyond 8 GB or with holes"),
        (extended(b"", 100_000), "has a name of 100,000 bytes"),
        (compressed, "is compressed, so that no picture can be read alone: unpack it by gunzip"),
        (lambda path: tar(path, [("notes.txt", b"x")]) and None, "There are no pictures in the 1 shard: "),
        (lambda path: path.mkdir(), "could not be read|is no regular file"),
    ],
)
def test_a_hostile_tar_is_refused_in_a_sentence(write: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    write(tmp_path / "a.tar")
    with pytest.raises(DataError, match=words):
        build(ShardsOptions(path=str(tmp_path)), SIDE, 3)


def test_names_that_are_long_or_not_ascii_are_read(tmp_path: Path) -> None:
    name = f"{'folder/' * 40}bild-\u00fc"
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        with tarfile.open(tmp_path / f"{form}.tar", "w", format=form) as archive:
            for suffix, content in (("png", png(5)), ("cls", b"3")):
                info = tarfile.TarInfo(f"{name}.{suffix}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    source = build(ShardsOptions(path=str(tmp_path), workers=0), SIDE, 3)
    assert len(source) == 2
    assert source.class_names == ("3",)


def test_the_sound_shards_beside_a_hostile_one_are_used(tmp_path: Path) -> None:
    named("../0.png")(tmp_path / "a.tar")
    tar(tmp_path / "b.tar", [("0.png", png(0))])
    source = build(ShardsOptions(path=str(tmp_path), workers=0), SIDE, 3)
    assert len(source) == 1
    assert "Of 2 shards 1 can be used: " in source.notes[0]
    assert "leads out of its folder" in source.skipped[0].reason


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_the_long_name_of_a_folder_is_not_that_of_the_next_file(form: int, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w", format=form) as archive:
        folder = tarfile.TarInfo("\u00fc" * 60)
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for number in range(2):
            info = tarfile.TarInfo(f"{number}.png")
            info.size = len(png(number))
            archive.addfile(info, io.BytesIO(png(number)))
    assert len(build(ShardsOptions(path=str(tmp_path), workers=0), SIDE, 3)) == 2
