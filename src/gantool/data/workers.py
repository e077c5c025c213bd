"""Decoding many pictures at once, in processes of their own: what crashes a decoder costs that picture alone.

Each worker is `python -m gantool.data.worker`, fed one job and answering a line per picture. Plain subprocesses and not
multiprocessing, which would run a library user's script again in every worker.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator

from gantool.data.listing import Item, Listing
from gantool.data.tree import in_reading_order
from gantool.data.worker import Answer, Task, perform, to_json
from gantool.errors import DataError
from gantool.progress import report

ITEMS_PER_WORKER = 250  # fewer do not pay for starting a process
MAX_WORKERS = 32

_Lines = queue.SimpleQueue[tuple[int, Answer | None]]


def spread(listing: Listing, task: Task, label: str) -> Iterator[tuple[int, Answer]]:
    """Each item's index and what the task says of it, in any order, over as many processes as pay; reports progress.

    An answer has a `reason` when the picture cannot be used. Raises DataError when the work itself cannot go on.
    """
    items = {index: listing.items[index] for index in in_reading_order(listing)}
    count = min(cores(), MAX_WORKERS, len(items) // ITEMS_PER_WORKER)
    answers = _in_processes(listing, items, task, count) if count > 1 else perform(listing, items, task)
    report(label, 0, len(items))
    for done, (index, answer) in enumerate(answers, start=1):
        if "fatal" in answer:
            raise DataError(answer["fatal"])
        report(label, done, len(items))
        yield index, answer


def cores() -> int:
    """Processor cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _in_processes(listing: Listing, items: dict[int, Item], task: Task, count: int) -> Iterator[tuple[int, Answer]]:
    lines: _Lines = queue.SimpleQueue()
    shares = [dict(list(items.items())[worker::count]) for worker in range(count)]
    workers = {worker: _start(worker, to_json(listing, share, task), lines) for worker, share in enumerate(shares)}
    try:
        while workers:
            worker, answer = lines.get()
            share = shares[worker]
            if answer is not None:
                index = answer.pop("index")
                share.pop(index, None)
                yield index, answer
                continue
            workers.pop(worker).wait()
            if not share:
                continue
            culprit = next(iter(share))  # the worker died over the first picture it did not answer for
            del share[culprit]
            yield culprit, {"reason": "crashes the decoder"}
            if share:
                workers[worker] = _start(worker, to_json(listing, share, task), lines)
    finally:
        for process in workers.values():
            process.kill()
            process.wait()


def _start(worker: int, job: str, lines: _Lines) -> subprocess.Popen[str]:
    path = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "gantool.data.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
        encoding="utf-8",
    )
    threading.Thread(target=_converse, args=(worker, process, job, lines), daemon=True).start()
    return process


def _converse(worker: int, process: subprocess.Popen[str], job: str, lines: _Lines) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with process.stdin:
            process.stdin.write(job)
        with process.stdout:
            for line in process.stdout:
                lines.put((worker, json.loads(line)))
    except (OSError, ValueError):  # it died in the middle of a line; the last answer is lost with it
        pass
    lines.put((worker, None))
