"""Pictures decoded by several worker processes, so that one that crashes the decoder costs that picture alone.

Each worker is `python -m gantool.data.pictures.worker`, which gets one job and answers a line per picture. They are
plain processes, since multiprocessing would run a library user's script again in every worker.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Collection, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace

from gantool.data.pictures.listing import Item, Listing
from gantool.data.pictures.tree import in_reading_order
from gantool.data.pictures.worker import Answer, Task, perform, to_json
from gantool.errors import DataError
from gantool.progress import report

ITEMS_PER_WORKER = 250  # fewer do not pay for starting a process
MAX_WORKERS = 32
COMMAND = [sys.executable, "-P", "-m", "gantool.data.pictures.worker"]


def spread(
    listing: Listing, task: Task, label: str, only: Collection[int] | None = None
) -> Iterator[tuple[int, Answer]]:
    """The index of each item, or of `only` some, and its answer, in any order; reports progress.

    The work is done by as many processes as are worth it. An answer has a `reason` when the picture cannot be used.
    Raises DataError when the work itself cannot go on.
    """
    items = {index: listing.items[index] for index in in_reading_order(listing) if only is None or index in only}
    return spread_items(listing, items, task, label)


def spread_items(
    listing: Listing, items: dict[int, Item], task: Task, label: str, before: int = 0, total: int | None = None
) -> Iterator[tuple[int, Answer]]:
    """The same for any items of a listing by their indices; `before` of `total` items are done already."""
    total = len(items) if total is None else total
    count = min(cores(), MAX_WORKERS, len(items) // ITEMS_PER_WORKER)
    answers = _in_processes(listing, items, task, count) if count > 1 else _here(listing, items, task)
    report(label, before, total)
    with closing(answers):
        for done, (index, answer) in enumerate(answers, start=1):
            if "fatal" in answer:
                raise DataError(answer["fatal"])
            report(label, before + done, total)
            yield index, answer


def cores() -> int:
    """Processor cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _here(listing: Listing, items: dict[int, Item], task: Task) -> Generator[tuple[int, Answer], None, None]:
    """The work done by this process, but for TIFFs: libtiff would write to the terminal."""
    tiffs = []
    for index, answer in perform(listing, items, replace(task, aside=True)):
        if "aside" in answer:
            tiffs.append(index)
        else:
            yield index, answer
    if tiffs:
        yield from _in_processes(listing, {index: items[index] for index in tiffs}, task, 1)


def _in_processes(
    listing: Listing, items: dict[int, Item], task: Task, count: int
) -> Generator[tuple[int, Answer], None, None]:
    lines: _Lines = queue.SimpleQueue()
    every = list(items.items())
    workers = [_Worker(listing, dict(every[start::count]), task, lines) for start in range(count)]
    try:
        while workers:
            worker, answer = lines.get()
            if answer is None:
                workers.remove(worker)
                worker.stop()
                if worker.is_ready and worker.share:
                    culprit = next(iter(worker.share))  # it crashed at the first picture that it did not answer for
                    del worker.share[culprit]
                    yield culprit, {"reason": "crashes the decoder"}
                    workers.append(_Worker(listing, worker.share, task, lines))
                else:  # where processes cannot be started, this one does the work
                    yield from perform(listing, worker.share, task)
            elif "ready" in answer:
                worker.is_ready = True
            else:
                index = answer.pop("index")
                worker.share.pop(index, None)
                yield index, answer
    finally:
        for worker in workers:
            worker.stop()


class _Worker:
    """A process, and the `share` of pictures that it has not answered for."""

    def __init__(self, listing: Listing, share: dict[int, Item], task: Task, lines: "_Lines") -> None:
        self.share = share
        self.is_ready = False
        self._process: subprocess.Popen[str] | None = None
        path = os.pathsep.join(path for path in sys.path if path)
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        try:
            self._process = subprocess.Popen(
                COMMAND, stdin=pipe, stdout=pipe, stderr=null, env=environment, text=True, encoding="utf-8"
            )
        except OSError:
            lines.put((self, None))
            return
        job = to_json(listing, share, task)
        self._listener = threading.Thread(target=self._converse, args=(self._process, job, lines), daemon=True)
        self._listener.start()

    def _converse(self, process: "subprocess.Popen[str]", job: str, lines: "_Lines") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with suppress(OSError), process.stdin:  # it may have died already; its share tells
                process.stdin.write(job)
            with process.stdout:
                for line in process.stdout:
                    lines.put((self, json.loads(line)))
        except (OSError, ValueError):  # it died in the middle of a line
            pass
        lines.put((self, None))

    def stop(self) -> None:
        """End the process, if it has not ended, and leave nothing of it open."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._listener.join()


_Lines = queue.SimpleQueue[tuple[_Worker, Answer | None]]
"""The workers' answers; None is the last of each worker."""
