"""Standard output into a pipe whose reader may close it early, as `| head -1` does."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class _BrokenPipeGuard:
    """A stream that drops its text once the reader has closed the pipe."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, unless the pipe is closed; returns the number of characters."""
        self._whether_read_or_not(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Write the buffer."""
        self._whether_read_or_not(self._stream.flush)

    def _whether_read_or_not(self, act: Callable[[], object]) -> None:
        try:
            act()
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def forgiving_output() -> Iterator[None]:
    """Let a command finish its work, and end as usual, though the pipe of its output is closed."""
    before = sys.stdout
    sys.stdout = forgiving = _BrokenPipeGuard(before)
    try:
        yield
    finally:
        forgiving.flush()  # not at the interpreter's end, where nothing could be done about it
        sys.stdout = before
