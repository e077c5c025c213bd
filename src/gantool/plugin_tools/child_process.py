"""A child process that imports plugins, watched by its parent: it may hang, crash or exit.

It writes a line of JSON for each thing that it begins and ends, so that the parent knows what it was doing.
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

Line = dict[str, Any]
Write = Callable[[Line], None]

_GLANCE_SECONDS = 0.02
_DONE = {"done": True}


def serve(arguments: Sequence[str], work: Callable[[str, Write], None]) -> None:
    """The child's side: `python -m MODULE REQUEST FILE` does its work and writes lines into the file."""
    request, file = arguments
    with Path(file).open("a", encoding="utf-8") as lines:

        def write(line: dict[str, Any]) -> None:
            lines.write(json.dumps(line) + "\n")
            lines.flush()

        work(request, write)
        write(_DONE)


def run(module: str, request: str, limit: Callable[[Line], float]) -> tuple[list[Line], str | None]:
    """The parent's side: the child's lines, and how it ended, in a phrase; None when it finished.

    The child is stopped when it writes nothing for `limit` seconds after a line (an empty one before the first), and
    when its work is done, whatever thread it would still wait for.
    """
    # On Windows what the process started may hold a file of the folder still.
    with tempfile.TemporaryDirectory(prefix="gantool-check-", ignore_cleanup_errors=True) as folder:
        file, words = Path(folder) / "lines", Path(folder) / "words"
        file.touch()
        with words.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, request, str(file)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            exceeded = _wait(process, file, limit)
        finally:
            _stop(process)
        lines = _read(file)
        if lines and lines[-1] == _DONE:
            return lines[:-1], None
        if exceeded is not None:
            return lines, f"took longer than {exceeded:g} seconds, so it was stopped"
        return lines, _ending(process, words)


def _wait(process: subprocess.Popen[bytes], file: Path, limit: Callable[[Line], float]) -> float | None:
    """Wait until the child ends or its work is done; returns the limit that it exceeded, if any."""
    size, since, last = 0, time.monotonic(), Line()
    while process.poll() is None:
        if (now := file.stat().st_size) != size:
            size, since, last = now, time.monotonic(), (_read(file)[-1:] or [last])[0]
            if last == _DONE:
                return None
        if time.monotonic() - since > limit(last):
            return limit(last)
        time.sleep(_GLANCE_SECONDS)
    return None


def _read(file: Path) -> list[Line]:
    """The whole lines; the child may be in the middle of writing another."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n")[:-1]]


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill the child if it still runs, with the processes that it started."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.wait()


def _ending(process: subprocess.Popen[bytes], words: Path) -> str:
    last = ([line.strip() for line in words.read_text(errors="replace").splitlines() if line.strip()] or [""])[-1]
    words_of_it = f"; its last words: {last:.200}" if last else ""
    if process.returncode < 0:
        number = -process.returncode
        name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
        return f"crashed the process ({name}{words_of_it})"
    return f"ended the process (exit code {process.returncode}{words_of_it})"
