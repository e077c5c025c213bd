"""Standard output whose reader may leave before the end, as `| head -1` does."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class _Forgiving:
    """A stream that goes to nowhere once nobody reads it any more."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, if anybody reads; how many letters there were."""
        self._whether_read_or_not(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Write what is held back."""
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
    """Let a command finish its work, and end as it would have, though nobody reads its output any more."""
    before = sys.stdout
    sys.stdout = forgiving = _Forgiving(before)
    try:
        yield
    finally:
        forgiving.flush()  # not at the interpreter's end, where nothing could be done about it
        sys.stdout = before
