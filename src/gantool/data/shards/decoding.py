"""Pictures of shards decoded by processes that stay, each of which gets its part of every batch."""

import json
import math
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from gantool.data.pictures.options import PictureOptions
from gantool.data.pictures.workers import cores
from gantool.data.shards.worker import Decoded, Job, decode_all

MAX_WORKERS = 8
COMMAND = [sys.executable, "-P", "-m", "gantool.data.shards.worker"]


def usual_workers() -> int:
    """A process for each core that is this process's share of the machine; none where there is one core."""
    share = cores() // max(1, int(os.environ.get("LOCAL_WORLD_SIZE", "1") or 1))
    return min(MAX_WORKERS, share) if share > 1 else 0


class Decoders:
    """Decodes by so many processes, which start on first use and end with this object; by none, in this process."""

    def __init__(self, options: PictureOptions, resolution: int, channels: int, count: int) -> None:
        self._setting = options, resolution, channels
        self._count = count
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()

    def __call__(self, jobs: Sequence[Job]) -> list[Decoded]:
        """The pictures of these jobs, in their order, or the reason why there is none; any thread may call it."""
        if not self._count or not jobs:
            return decode_all(jobs, *self._setting)
        with self._lock:
            while len(self._workers) < self._count:
                self._workers.append(_Worker(*self._setting))
            answers: list[Decoded] = [""] * len(jobs)
            for number, worker in enumerate(self._workers):
                worker.ask(jobs[number :: self._count])
            for number in range(self._count):
                answers[number :: self._count] = self._answers(number, jobs[number :: self._count])
            return answers

    def _answers(self, number: int, jobs: Sequence[Job]) -> list[Decoded]:
        """The answers of a worker. One that crashes is replaced, and the picture found at which it does."""
        if (found := self._workers[number].answers(len(jobs))) is not None:
            return found
        answers: list[Decoded] = []
        for job in jobs:
            self._workers[number].stop()
            self._workers[number] = worker = _Worker(*self._setting)
            worker.ask([job])
            answers += worker.answers(1) or ["crashes the decoder"]
        return answers


class _Worker:
    def __init__(self, options: PictureOptions, resolution: int, channels: int) -> None:
        self._shape = (channels, resolution, resolution)
        path = os.pathsep.join(path for path in sys.path if path)
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=null, env=environment)
        self.stop = weakref.finalize(self, _end, self._process)
        self._say({"options": options.model_dump(), "resolution": resolution, "channels": channels})

    def ask(self, jobs: Sequence[Job]) -> None:
        """Give it these jobs, without waiting."""
        self._say(list(jobs))

    def answers(self, count: int) -> list[Decoded] | None:
        """The answers to `count` jobs; None when the process has died."""
        assert self._process.stdout is not None
        try:
            reasons = json.loads(self._process.stdout.readline())
            answers: list[Decoded] = []
            for why in reasons:
                if why is not None:
                    answers.append(why)
                    continue
                content = bytearray(self._process.stdout.read(math.prod(self._shape)))
                answers.append(np.frombuffer(content, np.uint8).reshape(self._shape))
        except (OSError, ValueError):
            return None
        return answers if len(answers) == count else None

    def _say(self, words: object) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it may have died already, which its answers tell
            self._process.stdin.write(json.dumps(words).encode() + b"\n")
            self._process.stdin.flush()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    with suppress(OSError):
        process.communicate()
