"""Where cached images lie, and who may build there: one process at a time, whatever dies in between."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gantool.progress import report

_WAIT_SECONDS = 0.2


def cache_folder() -> Path:
    """The folder of cached images, made if it is missing: GANTOOL_CACHE, else the system's place for caches.

    Where that cannot be written (a read-only home, a container), a folder among the system's temporary files.
    """
    chosen = os.environ.get("GANTOOL_CACHE")
    for folder in (
        Path(chosen).expanduser() if chosen else _of_platform(),
        Path(tempfile.gettempdir()) / "gantool-cache",
    ):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="gantool-cache-"))


@contextmanager
def only_builder(lock: Path) -> Iterator[None]:
    """Hold `lock` for this process; the system frees it when the process dies, however it dies."""
    with lock.open("ab") as file:
        while not _taken(file):
            report("another process prepares the images", 0, 1)
            time.sleep(_WAIT_SECONDS)
        yield


def _of_platform() -> Path:
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "gantool"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "gantool" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "gantool"


def _taken(file: IO[bytes]) -> bool:
    """True when the lock is ours, or when this file system has no locks (then two may build, each for itself)."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
