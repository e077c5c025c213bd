"""A process that imports plugins, watched from outside: it may hang, crash or end itself.

It writes a line of JSON for each thing it begins and ends, so that whoever waits knows what it was about.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

Write = Callable[[dict[str, Any]], None]

_GLANCE_SECONDS = 0.02
_DONE = {"done": True}


def serve(arguments: Sequence[str], work: Callable[[str, Write], None]) -> None:
    """The process: `python -m MODULE REQUEST FILE` does its work and writes lines into the file."""
    request, file = arguments
    with Path(file).open("a", encoding="utf-8") as lines:

        def write(line: dict[str, Any]) -> None:
            lines.write(json.dumps(line) + "\n")
            lines.flush()

        work(request, write)
        write(_DONE)


def run(
    module: str, request: str, seconds: float, first: float | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """What the process wrote, and how it ended, in words; None when it finished.

    It is stopped when it has written nothing for so many seconds, or not its `first` line; and when its work is done,
    whatever thread it would still wait for.
    """
    first = min(seconds, first or seconds)
    # On Windows what the process started may hold a file of the folder still.
    with tempfile.TemporaryDirectory(prefix="gantool-check-", ignore_cleanup_errors=True) as folder:
        file, words = Path(folder) / "lines", Path(folder) / "words"
        file.touch()
        with words.open("w") as said:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, request, str(file)],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        try:
            limit = _wait(process, file, seconds, first)
        finally:
            _stop(process)
        lines = _read(file)
        if lines and lines[-1] == _DONE:
            return lines[:-1], None
        if limit is not None:
            return lines, f"took longer than {limit:g} seconds, so it was stopped"
        return lines, _ending(process, words)


def _wait(process: subprocess.Popen[bytes], file: Path, seconds: float, first: float) -> float | None:
    """Until it ends or its work is done; or it has written nothing for too long: then for how long."""
    size, since = 0, time.monotonic()
    while process.poll() is None:
        if (now := file.stat().st_size) != size:
            size, since = now, time.monotonic()
            if _read(file)[-1:] == [_DONE]:
                return None
        limit = seconds if size else first
        if time.monotonic() - since > limit:
            return limit
        time.sleep(_GLANCE_SECONDS)
    return None


def _read(file: Path) -> list[dict[str, Any]]:
    """The whole lines; it may be in the middle of writing another."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left, with what it started."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.wait()


def _ending(process: subprocess.Popen[bytes], words: Path) -> str:
    last = ([line.strip() for line in words.read_text(errors="replace").splitlines() if line.strip()] or [""])[-1]
    told = f"; its last words: {last:.200}" if last else ""
    if process.returncode < 0:
        number = -process.returncode
        name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
        return f"crashed the process ({name}{told})"
    return f"ended the process (exit code {process.returncode}{told})"
