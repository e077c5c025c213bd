"""A training that is stopped when its processor time is used up. It reads the times of a process from /proc (Linux)."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path

from measures import ONE_THREAD

PROGRAM = (sys.executable, "-m", "gantool", "train", "-q")
POLL = 0.1
"""Seconds between two looks at the process."""
TERMINATED = 128 + signal.SIGTERM
"""What gantool ends with when it was stopped and has saved."""
SPARE = 3600
"""Seconds of processor time beyond twice its limit after which the system ends a run that nobody watches any more."""
FAILED = 1
"""What gantool ends with when training itself failed."""


@dataclass(frozen=True)
class Session:
    """One process that trained: its exit code, and its seconds of processor time and by the clock.

    They are counted from where training begins, after imports, the decoding of pictures and the choice of precision, to
    the stop, without the saving that follows.
    """

    exit_code: int
    seconds: float
    clock: float


@dataclass(frozen=True)
class Progress:
    """How far a run is, over all of its sessions; `command` is what it is trained with."""

    command: list[str]
    seconds: float = 0.0
    clock: float = 0.0
    ended: bool = False
    failed: str = ""


def read_progress(file: Path) -> Progress | None:
    """The inverse of `write_progress`; None where there is none."""
    try:
        return Progress(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_progress(file: Path, progress: Progress) -> None:
    """Keep how far a run is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(progress)), encoding="utf-8")


def processor_seconds(pid: int) -> float:
    """The processor time of a process that was not waited for, with that of its children that have ended."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return sum(map(int, after_name[11:15])) / os.sysconf("SC_CLK_TCK")


def train(words: Sequence[str], run: Path, log: Path, limit: float, stop: threading.Event) -> Session:
    """`gantool train` on one thread, stopped by SIGTERM after `limit` seconds of processor time or once `stop` is set.

    SIGTERM does what Ctrl-C does: the step is finished and saved. Unlike SIGINT it is not ignored by what a shell
    started in the background. A session of its own keeps the terminal's Ctrl-C from being a second signal.
    """
    metrics = run / "metrics.jsonl"
    before, began = _signature(metrics), None
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        process = subprocess.Popen(
            [*PROGRAM, *words], stdout=file, stderr=file, env=os.environ | ONE_THREAD, start_new_session=True
        )
    if limit < inf:
        most = round(2 * limit) + SPARE
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (most, most))
    at_stop = None
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        now = processor_seconds(process.pid), time.monotonic()
        if began is None and _signature(metrics) not in (None, before):
            began = now
        if at_stop is None and (stop.is_set() or (began is not None and now[0] - began[0] >= limit)):
            os.kill(process.pid, signal.SIGTERM)
            at_stop = now
        time.sleep(POLL)
    process.returncode = os.waitstatus_to_exitcode(status)
    last = at_stop or (usage.ru_utime + usage.ru_stime, time.monotonic())
    seconds, clock = (0.0, 0.0) if began is None else (last[0] - began[0], last[1] - began[1])
    return Session(process.returncode, max(0.0, seconds), clock)


def _signature(file: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written, by which training is seen to begin."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
