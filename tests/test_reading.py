import tracemalloc
import zipfile
from pathlib import Path

import pytest
import torch

from gantool.reading import MOST_BYTES, MOST_DEPTH, check_archive, lines, parse_json, parse_toml, read_text

DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 100_000, "nested more than"),
        ("[" * 40 + "]" * 40, "nested more than"),
        ('{"a":' * 33 + "1" + "}" * 33, "nested more than"),
        (f'{{"seed": {DIGITS}}}', "too many digits"),
        (f"[{DIGITS[:100]}]", "too many digits"),
        (" " * (MOST_BYTES + 1), "longer than"),
        ("{", "Expecting"),
    ],
)
def test_json_beyond_the_limits_is_a_value_error(text, why):
    with pytest.raises(ValueError, match=why):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (".".join("a" * 100_000) + " = 1", "key of more than"),
        ("[" + ".".join("a" * 40) + "]", "key of more than"),
        ('x = {p = """a"""", ' + ".".join("a" * 40) + ' = 1, q = "b"}', "key of more than"),
        ('"a"' + '."a"' * 40 + " = 1", "key of more than"),
        ("a = " + "[" * 5000, "nested more than"),
        ("a = " + "[" * 40 + "]" * 40, "nested more than"),
        (f"seed = {DIGITS}", "too many digits"),
        ("seed = 0x" + "f" * 5000, "too many digits"),
        ("a = 1\n" * 200_000, "longer than"),
        ("a = ", "Invalid value"),
    ],
)
def test_toml_beyond_the_limits_is_a_value_error(text, why):
    with pytest.raises(ValueError, match=why):
        parse_toml(text)


def test_what_is_within_the_limits_is_read():
    assert parse_json("[" * MOST_DEPTH + "]" * MOST_DEPTH)
    assert parse_json('{"n": 1e3, "big": 18446744073709551616}') == {"n": 1000.0, "big": 2**64}
    dots = ", ".join(["1.5"] * 100)
    text = f'numbers = [{dots}]\npath = \'a.b.c\' # {"." * 99}\nb.c = """{"." * 99}\\""""\nlast = \'{"." * 99}\'\n'
    assert parse_toml(text)["b"] == {"c": "." * 99 + '"'}


def test_numbers_that_json_does_not_have_are_none():
    assert parse_json('[NaN, Infinity, -Infinity, "NaN"]') == [None, None, None, "NaN"]


def test_a_file_is_read_no_further_than_its_limit(tmp_path):
    (tmp_path / "long").write_bytes(b"1" * 11)
    assert read_text(tmp_path / "long", most=11) == "1" * 11
    with pytest.raises(ValueError, match="larger than"):
        read_text(tmp_path / "long", most=10)
    with pytest.raises(ValueError, match="larger than"):
        read_text(Path("/dev/zero"), most=10)
    (tmp_path / "lines").write_bytes(b"one\n\xff\nthree and more")
    assert list(lines(tmp_path / "lines", most=8)) == ["one\n", "\ufffd\n", "three an", "d more"]


def test_an_archive_larger_than_its_file_is_refused_before_it_is_read(tmp_path):
    torch.save({"weight": torch.zeros(1000)}, tmp_path / "sound.pt")
    check_archive(tmp_path / "sound.pt")
    check_archive(Path(__file__))  # no archive
    with (
        zipfile.ZipFile(tmp_path / "sound.pt") as sound,
        zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in sound.namelist():
            bomb.writestr(name, sound.read(name))
    with pytest.raises(ValueError, match="compressed"):
        check_archive(tmp_path / "bomb.pt")


def test_an_archive_cut_out_of_several_is_refused_as_damaged(tmp_path):
    with zipfile.ZipFile(tmp_path / "part.pt", "w") as archive:
        archive.writestr("a/data.pkl", b"N.")
    end = (tmp_path / "part.pt").read_bytes()[-22:]
    locator = b"PK\x06\x07" + bytes(12) + b"\x02\0\0\0"  # the second of two disks
    (tmp_path / "part.pt").write_bytes(bytes(56) + locator + end)
    with pytest.raises(ValueError, match=r"a damaged archive .*disks"):
        check_archive(tmp_path / "part.pt")


@pytest.mark.long
def test_dotted_keys_of_the_longest_file_take_little_memory():
    text = "\n".join(".".join(["a"] * 30 + [f"b{n}"]) + " = 1" for n in range(14_000))
    tracemalloc.start()
    try:
        parse_toml(text)
        assert tracemalloc.get_traced_memory()[1] < 2**26
    finally:
        tracemalloc.stop()
