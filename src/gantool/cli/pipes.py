"""Output that may come to nothing: a pipe whose reader closes it early, a full disk behind standard error."""

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

GONE = (errno.EPIPE, errno.EIO) if os.name != "nt" else (errno.EPIPE, errno.EINVAL)
"""Errors of writing once the pipe or the terminal is closed."""


class _Forgiving:
    """A stream that drops its text once it met one of some errors."""

    def __init__(self, stream: Any, errors: type[OSError]) -> None:
        self._stream, self._errors = stream, errors

    def write(self, text: str) -> int:
        """Write, if that is still possible; returns the number of characters."""
        self._whether_read_or_not(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Write the buffer."""
        self._whether_read_or_not(self._stream.flush)

    def _whether_read_or_not(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            if not isinstance(error, self._errors) and error.errno not in GONE:
                raise
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def forgiving(name: Literal["stdout", "stderr"], errors: type[OSError]) -> Iterator[None]:
    """Let a command finish its work, and end as usual, though its output meets one of these errors."""
    before = getattr(sys, name)
    setattr(sys, name, stream := _Forgiving(before, errors))
    try:
        yield
    finally:
        stream.flush()  # not at the interpreter's end, where nothing could be done about it
        setattr(sys, name, before)
