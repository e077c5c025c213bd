"""A pytest plugin for the tests of plugins: the command line in this process, a host of plugins, and tiny pictures.

It comes with gantool (`pytest` finds it by its entry point) and imports nothing of it before a fixture is used.
"""

import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gantool.plugins.host import PluginHost


@dataclass(frozen=True)
class CommandResult:
    """The result of a command line: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def gantool_cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., CommandResult]:
    """Runs the command `gantool` in this process: `gantool_cli("train", "--arch", "blobs").code == 0`."""

    def run(*arguments: str | Path) -> CommandResult:
        from gantool.cli import main

        monkeypatch.setattr(sys, "argv", ["gantool", *map(str, arguments)])
        code: int | str | None = 0
        try:
            main.main()
        except SystemExit as ended:
            code = ended.code
        written = capsys.readouterr()
        assert isinstance(code, int | None)
        return CommandResult(code or 0, written.out, written.err)

    return run


@pytest.fixture
def gantool_host() -> "Iterator[PluginHost]":
    """A fresh host of the built-ins alone, which is the host of this process during the test.

    `gantool_host.add(gantool_blobs, "gantool-blobs")` adds a plugin: its module, or anything with its hooks.
    """
    from gantool.plugins.host import PluginHost, using

    host = PluginHost(third_party=False, environ={})
    with using(host):
        yield host


@pytest.fixture
def tiny_pictures(tmp_path: Path) -> Path:
    """A folder with eight PNG pictures of 16 pixels, four of each of two classes: `blue` and `red`."""
    folder = tmp_path / "pictures"
    for name, color in (("blue", (30, 60, 220)), ("red", (220, 60, 30))):
        (folder / name).mkdir(parents=True)
        for number in range(4):
            (folder / name / f"{number}.png").write_bytes(_png(16, color, number))
    return folder


def _png(side: int, color: tuple[int, int, int], number: int) -> bytes:
    """A picture of one colour with a dark square, whose position depends on the number."""
    dark = range(2 * number, 2 * number + 6)
    rows = b"".join(
        b"\0"
        + b"".join(bytes(value // 4 if x in dark and y in dark else value for value in color) for x in range(side))
        for y in range(side)
    )

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
