"""Text, JSON, TOML and archives of tensors that others may have made, read within limits: sizes before contents.

Whatever exceeds a limit is a ValueError of a few words, as damaged text is, so that readers have one error to explain.
"""

import json
import re
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MOST_BYTES = 2**24
"""The size of a text file of any kind; parsed, it takes at most about 30 times as much."""
MOST_TOML_BYTES = 2**20
MOST_DEPTH = 32
"""Lists and tables inside one another, and the parts of a dotted key, whose tables cost the square of their number."""
MOST_BITS = 128
"""The size of an integer: longer ones cannot be written as text or become floats."""
SLOWEST, PATIENCE = 1000, 60.0
"""Bytes a second that a server has to send, on average over so many seconds."""

_STRINGS_OF_TOML = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\[^\n])*"|' r"'[^'\n]*'|#[^\n]*", re.DOTALL
)
_BETWEEN_KEYS = re.compile(r"[=,\[\]{}\n]")


class Pace:
    """The pace of what comes from a server, which might send a byte now and then for ever without a time-out."""

    def __init__(self) -> None:
        self._since, self._count = time.monotonic(), 0

    def came(self, count: int) -> None:
        """Count these bytes. Raises OSError where fewer than 1 kB a second came for a minute."""
        self._count += count
        passed = time.monotonic() - self._since
        if passed < PATIENCE:
            return
        if self._count < SLOWEST * passed:
            raise OSError(f"no more than {self._count:,} bytes came within {passed:.3g} s")
        self._since, self._count = time.monotonic(), 0


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a file in UTF-8. Raises OSError, and ValueError for more than `most` bytes."""
    with path.open("rb") as file:
        content = file.read(most + 1)  # not by its size: a pipe or a device has none
    if len(content) > most:
        raise ValueError(f"it is larger than {most >> 20} MB")
    return content.decode()


def lines(path: Path, most: int = MOST_BYTES) -> Iterator[str]:
    """The lines of a file of any length, one at a time; of a line longer than `most` characters, pieces."""
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(most):
            yield line


def read_json(path: Path) -> Any:
    """The value in a JSON file. Raises OSError, and ValueError as `parse_json` does."""
    return parse_json(read_text(path))


def parse_json(text: str, most: int = MOST_BYTES) -> Any:
    """The value of a JSON text; NaN and infinity, which JSON does not have, are None.

    Raises ValueError for any other, and beyond the limits.
    """
    if len(text) > most:
        raise ValueError(f"it is longer than {most:,} characters")
    return _limited(lambda: json.loads(text, parse_constant=lambda _: None))


def parse_toml(text: str) -> dict[str, Any]:
    """The table of a TOML text. Raises ValueError for any other, and beyond the limits."""
    if len(text) > MOST_TOML_BYTES:
        raise ValueError(f"it is longer than {MOST_TOML_BYTES:,} characters")
    if any(key.count(".") >= MOST_DEPTH for key in _BETWEEN_KEYS.split(_STRINGS_OF_TOML.sub("-", text))):
        raise ValueError(f"it has a key of more than {MOST_DEPTH} parts")
    table: dict[str, Any] = _limited(lambda: tomllib.loads(text))
    return table


def check_archive(path: Path) -> None:
    """Raise ValueError if a zip archive, such as `torch.save` writes, would take more memory than the file's size.

    torch compresses nothing, so what is compressed is of others. A file of another type passes.
    """
    try:
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError(f"a damaged archive ({error})") from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError("an archive with compressed entries, which torch.save never writes")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise ValueError("an archive whose entries are larger than itself")


def check_header(path: Path) -> None:
    """Raise ValueError if the header of a safetensors file exceeds the limit, or the file."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > min(MOST_BYTES, path.stat().st_size):
        raise ValueError(f"its header has {length:,} bytes")


def _limited(parse: Callable[[], Any]) -> Any:
    """The parsed document, once its depth and its integers are checked."""
    too_deep = ValueError(f"it is nested more than {MOST_DEPTH} deep")
    try:
        value = parse()
    except RecursionError:
        raise too_deep from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError):
        raise
    except ValueError as error:  # of int(), which refuses thousands of digits
        raise ValueError("it has a number of too many digits") from error
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        if any(isinstance(one, int) and one.bit_length() > MOST_BITS for one in level):
            raise ValueError("it has a number of too many digits")
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return value
    raise too_deep


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
