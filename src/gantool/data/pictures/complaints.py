"""Complaints of libtiff about a TIFF, caught from standard error in a worker process: there that file is its own."""

import os
import tempfile
from io import BufferedReader, BytesIO
from typing import Any

USED = "is used, though"
"""The beginning of the reason for a picture that is listed, but not left out."""
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST = 1 << 16


def may_complain(file: BytesIO | BufferedReader) -> bool:
    """True for a TIFF; the file is read from its start again."""
    start = file.read(4)
    file.seek(0)
    return start in _TIFF


class Complaints:
    """Standard error of this process, caught from now on."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (it is there as long as the process)
        os.dup2(self._file.fileno(), 2)

    def take(self) -> dict[str, Any]:
        """`{"complaints": [number of lines, the first one]}` since the last call; empty if there was none."""
        if self._file.seek(0, os.SEEK_END) == 0:
            return {}
        self._file.seek(0)
        text = self._file.read(_MOST).decode(errors="replace")
        self._file.seek(0)
        self._file.truncate()
        lines = [line for line in text.splitlines() if line.strip()]
        return {"complaints": [len(lines), lines[0].removeprefix("tempfile.tif: ")]} if lines else {}


def with_complaints(answer: dict[str, Any]) -> str | None:
    """The reason why a picture is listed: why it cannot be used, or what libtiff said of it; None if there is none."""
    count, first = answer.get("complaints", (0, ""))
    said = f"libtiff says: {first}" + (f" ({count} lines)" if count > 1 else "")
    if "reason" in answer:
        return f"{answer['reason']}; {said}" if count else str(answer["reason"])
    return f"{USED} {said}" if count else None
