"""Remote shards fetched ahead of their use into files of a bounded folder, which processes of one run share."""

import hashlib
import os
import queue
import shutil
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from gantool.data.shards.index import Index
from gantool.data.shards.places import copied
from gantool.data.shards.urls import is_remote
from gantool.files import cache_folder, only_builder, remove_unfinished, replace_file
from gantool.processes import is_alive

_THREADS = 4
_PREFIX = "shards-of"


class Fetching:
    """The files of an index's shards: those of this machine as they are, remote ones once they are announced."""

    def __init__(self, index: Index) -> None:
        self._shards = index.shards
        self._digest = index.digest
        self._coming: dict[int, Future[Path]] = {}
        self._last: tuple[int, ...] = ()
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[tuple[int, Future[Path]]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._folder: Path | None = None

    def expect(self, numbers: Sequence[int]) -> None:
        """Fetch these shards in this order, without waiting; others are dropped once they are not announced twice."""
        with self._lock:
            for number in set(self._coming) - {*numbers, *self._last}:
                self._drop(number)
            self._last = tuple(numbers)
            for number in numbers:
                if is_remote(self._shards[number].url) and number not in self._coming:
                    self._coming[number] = Future()
                    self._waiting.put((number, self._coming[number]))
            if self._coming and not self._threads:
                self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_THREADS)]
                for thread in self._threads:
                    thread.start()

    def file(self, number: int) -> Path | None:
        """The file of a shard, once it is there; None for a remote one that nobody announced.

        Raises ShardError when it could not be fetched.
        """
        url = self._shards[number].url
        if not is_remote(url):
            return Path(url)
        with self._lock:
            coming = self._coming.get(number)
        if coming is None:
            return None
        return file if (file := coming.result()).exists() else self._fetch(number)  # the cache may have been emptied

    def _work(self) -> None:
        """Fetch what waits. The threads are daemons: those of an executor would keep a program from its end."""
        while True:
            number, future = self._waiting.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._fetch(number))
                except BaseException as error:
                    future.set_exception(error)

    def _fetch(self, number: int) -> Path:
        shard = self._shards[number]
        file = self._place() / f"{number:06}-{shard.size}.tar"
        if file.is_file():
            return file
        with only_builder(file.with_suffix(".lock"), "fetches a shard"):
            if not file.is_file():
                replace_file(file, lambda temporary: copied(shard.url, temporary, shard.size))
        return file

    def _drop(self, number: int) -> None:
        coming = self._coming.pop(number)
        if coming.cancel() or not coming.done():
            return  # it stays until the folder is removed, since it is still being written
        if coming.exception() is None:
            coming.result().unlink(missing_ok=True)
            coming.result().with_suffix(".lock").unlink(missing_ok=True)

    def _place(self) -> Path:
        """A folder of the processes that were started together, which is removed when none of them is left."""
        with self._lock:
            if self._folder is None:
                root = cache_folder()
                _sweep(root)
                owner = os.getppid() if "LOCAL_RANK" in os.environ else os.getpid()
                self._folder = root / f"{_PREFIX}-{hashlib.sha256(self._digest.encode()).hexdigest()[:12]}-{owner}"
                self._folder.mkdir(exist_ok=True)
                remove_unfinished(self._folder)
                if "LOCAL_RANK" not in os.environ:
                    weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return self._folder


def _sweep(root: Path) -> None:
    """Remove the folders of processes that are gone."""
    for folder in root.glob(f"{_PREFIX}-*"):
        owner = folder.name.rpartition("-")[2]
        if owner.isdecimal() and len(owner) < 10 and not is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
