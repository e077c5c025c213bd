"""The process of `examiner`, watched from outside: it may hang, crash or end itself."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from gantool.managing.examiner import Request

_GLANCE_SECONDS = 0.05


def run(request: Request, seconds: float) -> tuple[list[dict[str, Any]], str | None]:
    """What the process wrote, and how it ended, in words; None when it finished."""
    with tempfile.TemporaryDirectory(prefix="gantool-check-") as folder:
        file, words = Path(folder) / "lines", Path(folder) / "words"
        file.touch()
        with words.open("w") as said:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gantool.managing.examiner", request.text(), str(file)],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        try:
            hung = _wait(process, file, seconds)
        finally:
            _stop(process)
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
        if lines and lines[-1].get("done"):
            return lines, None
        return lines, f"took longer than {seconds:g} seconds, so it was stopped" if hung else _ending(process, words)


def _wait(process: subprocess.Popen[bytes], file: Path, seconds: float) -> bool:
    """Until it ends, or has written nothing for too long: then True."""
    size, since = 0, time.monotonic()
    while process.poll() is None:
        if (now := file.stat().st_size) != size:
            size, since = now, time.monotonic()
        if time.monotonic() - since > seconds:
            return True
        time.sleep(_GLANCE_SECONDS)
    return False


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
