"""A file of the Hub that is read over the network, in which a read that fails is tried again."""

import io
import time
from collections.abc import Callable
from typing import Any, TypeVar

PAUSES = (1.0, 4.0, 16.0)
"""Seconds before each further trial, beside those of the client, which does not try each kind of fault again."""
_BLOCK, _BUFFER = 1 << 22, 1 << 16
_PASSING = frozenset([408, 425, 429, 500, 502, 503, 504])
Got = TypeVar("Got")


def streamed(store: Any, path: str) -> io.BufferedReader:
    """The file of a store of fsspec. Opening and reading raise OSError whose text follows the name in a sentence."""
    file = _insistently(lambda: store.open(path, "rb", block_size=_BLOCK))
    return io.BufferedReader(_Streamed(file), _BUFFER)


class _Streamed(io.RawIOBase):
    def __init__(self, file: Any) -> None:
        self._file, self._size, self._position = file, int(file.size), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]  # Buffer is of 3.12
        count = max(0, min(len(buffer), self._size - self._position))
        content = _insistently(lambda: self._some(count)) if count else b""
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def _some(self, count: int) -> bytes:
        self._file.seek(self._position)
        content: bytes = self._file.read(count)
        if not content:
            raise OSError(f"nothing came of {count:,} bytes")
        return content


def _insistently(work: Callable[[], Got]) -> Got:
    """The result of a store, whose client and HTTP library have errors of their own."""
    for pause in (*PAUSES, None):
        try:
            return work()
        except FileNotFoundError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            status = getattr(getattr(error, "response", None), "status_code", None)
            if isinstance(status, int) and 400 <= status < 500 and status not in _PASSING:
                raise OSError(f"could not be read: {said}") from error
            if pause is None:
                raise OSError(f"could not be read in {len(PAUSES) + 1} trials, the last time: {said}") from error
            time.sleep(pause)
    raise AssertionError
