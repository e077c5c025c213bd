"""Remote shards fetched ahead of their use into files of a bounded folder, which processes of one run share."""

import hashlib
import os
import queue
import shutil
import socket
import threading
import time
import uuid
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from gantool.data.shards.index import Index
from gantool.data.shards.places import copied
from gantool.data.shards.urls import is_remote
from gantool.files import cache_folder, only_builder, remove_unfinished, replace_file

_THREADS = 4
_PREFIX, _OWNER = "shards-of", ".owner"
_DAY = 86_400.0
_held: set[Path] = set()
"""The locks of this process, which over NFS it could take twice."""


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
        file.parent.mkdir(parents=True, exist_ok=True)  # the cache may have been emptied
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
                for folder in root.glob(f"{_PREFIX}-*"):
                    _remove_unless_held(folder, _DAY)
                digest = hashlib.sha256(self._digest.encode()).hexdigest()
                self._folder = root / f"{_PREFIX}-{digest[:12]}-{_run()}"
                self._folder.mkdir(exist_ok=True)
                if not any(owner.parent == self._folder for owner in _held):
                    remove_unfinished(self._folder)  # of processes of this run that `torchrun` started anew
                owner = FileLock(self._folder / f"{uuid.uuid4().hex}{_OWNER}", timeout=0, thread_local=False)
                with suppress(NotImplementedError):  # a file system without locks: no other process can sweep there
                    owner.acquire()
                _held.add(Path(owner.lock_file))
                weakref.finalize(self, _release, self._folder, owner)
            return self._folder


def _run() -> str:
    """A name that the processes of one run share on one machine, and nothing else in a cache of many machines."""
    if "LOCAL_RANK" not in os.environ:
        return uuid.uuid4().hex[:12]
    told = [os.environ.get(name) for name in ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID")]
    return hashlib.sha256(repr([socket.gethostname(), os.getppid(), *told]).encode()).hexdigest()[:12]


def _release(folder: Path, owner: BaseFileLock) -> None:
    owner.release(force=True)
    _held.discard(Path(owner.lock_file))
    if "LOCAL_RANK" in os.environ:
        _remove_unless_held(folder, 0)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_unless_held(folder: Path, age: float) -> None:
    """Remove a folder whose owners have all ended, or that has none and is older than `age` seconds.

    The system frees the locks of owners that died, on other hosts too, where the number of a process says nothing.
    """
    with ExitStack() as locks:
        try:
            owners = list(folder.glob(f"*{_OWNER}"))
            if _held.intersection(owners) or (not owners and time.time() - folder.stat().st_mtime < age):
                return
            for owner in owners:
                locks.enter_context(FileLock(owner, timeout=0))
        except (Timeout, OSError, NotImplementedError):
            return
        shutil.rmtree(folder, ignore_errors=True)
