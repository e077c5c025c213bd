"""Atomic writes, the lock of a run folder, and the cache folder."""

import errno
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import IO

from filelock import FileLock, Timeout

from gantool.errors import DISK_FULL, INTACT, ResumeError, TrainingError
from gantool.processes import is_alive, is_private, user
from gantool.progress import report

LOCK = ".lock"
"""An empty file that stays in the run folder; only a lock held on it counts, not the file."""
WINDOWS = sys.platform == "win32"
_WAIT_SECONDS = 0.2
_SECONDS_BETWEEN_TRIALS = (0.01, 0.1, 0.5, 1.0)


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` fill a temporary file beside `path`, then rename it; on any error `path` stays as it was.

    Raises TrainingError when the disk is full.
    """
    with explaining_writes(path):
        replace_file(path, write)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically. Raises TrainingError when the disk is full."""
    write_atomically(path, lambda temporary: temporary.write_text(text, "utf-8", newline="\n"))


def write_folder_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Have `write` fill a temporary folder beside `path`, then rename it; an older folder of that name is replaced."""
    with explaining_writes(path):
        replace_folder(path, write)


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """The same as `write_atomically`. Raises OSError as it comes."""
    temporary = _beside(path)
    try:
        write(temporary)
        _sync(temporary)
        _rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


def replace_folder(path: Path, write: Callable[[Path], None]) -> None:
    """The same as `write_folder_atomically`. Raises OSError as it comes."""
    temporary = _beside(path)
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        write(temporary)
        for file in temporary.iterdir():
            _sync(file)
        shutil.rmtree(path, ignore_errors=True)
        _rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _sync(path.parent)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def remove_unfinished(folder: Path, names: str = "*") -> None:
    """Remove what processes left unfinished that were killed while they wrote files or folders of such names."""
    for left in folder.glob(f".{names}.*.tmp"):
        number = left.name.split(".")[-2]
        # This process begins here: what bears its number is of an earlier one, as it often is in containers.
        if not number.isdecimal() or len(number) > 9 or (int(number) != os.getpid() and is_alive(int(number))):
            continue
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _rename(temporary: Path, path: Path) -> None:
    """Replace a file, which Windows refuses for as long as another process, such as a virus scanner, has it open."""
    for seconds in _SECONDS_BETWEEN_TRIALS:
        try:
            temporary.replace(path)
            return
        except PermissionError:
            if not WINDOWS:
                raise
            time.sleep(seconds)
    temporary.replace(path)


def _sync(path: Path) -> None:
    folder = path.is_dir()
    try:
        descriptor = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    except OSError:
        if folder:  # Windows opens no folder, nor do some network drives
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        if not folder or error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


@contextmanager
def explaining_writes(path: Path) -> Iterator[None]:
    """Raise TrainingError, in a sentence, where the block cannot write the file or folder."""
    try:
        yield
    except OSError as error:
        what = f"{path} could not be written"
        if error.errno in DISK_FULL:
            raise TrainingError(f"The disk is full: {what}.{INTACT}") from error
        raise TrainingError(f"{what}: {error.strerror or error}.") from error


class RunLock:
    """The lock of a run folder, which keeps other processes from training it until `release` or until it is dropped.

    As a context manager it is held inside the block. Raises ResumeError when another process holds the run.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._lock = FileLock(run / LOCK, timeout=0, thread_local=False)
        self.take()

    def take(self) -> None:
        """Acquire the lock, if it is not held yet."""
        if self._lock.is_locked:
            return
        try:
            self._lock.acquire()
        except Timeout as error:
            raise ResumeError(
                f"Another process is training the run {self.run}. Wait until it ends or stop it there, "
                "or start a run of another --name."
            ) from error
        except OSError as error:
            raise ResumeError(f"The run {self.run} cannot be written: {error.strerror or error}.") from error

    def release(self) -> None:
        """Release the lock."""
        self._lock.release(force=True)

    def __enter__(self) -> "RunLock":
        self.take()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.release()


def open_file(path: Path) -> BufferedReader:
    """The file, open for reading. Raises OSError at once for a pipe or a device, where `open` would wait for ever."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file")
    return os.fdopen(descriptor, "rb")


def cache_folder() -> Path:
    """The folder of caches, made if it is missing: GANTOOL_CACHE, else the system's folder for caches.

    Where that cannot be written (a read-only home, a container), it is a folder of the user's own among the system's
    temporary files: what others may write there is never read.
    """
    for place in (_usual, _temporary):
        with suppress(OSError, RuntimeError):  # the latter where the user has no home
            folder = place()
            with tempfile.TemporaryFile(dir=folder):
                return folder
    return Path(tempfile.mkdtemp(prefix="gantool-cache-"))


def _usual() -> Path:
    if chosen := os.environ.get("GANTOOL_CACHE"):
        folder = Path(chosen).expanduser()
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Caches" / "gantool"
    elif sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "gantool" / "Cache"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gantool"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _temporary() -> Path:
    folder = Path(tempfile.gettempdir()) / f"gantool-cache-{user()}".rstrip("-")
    folder.mkdir(mode=0o700, exist_ok=True)
    if not is_private(folder):
        raise PermissionError(f"{folder} is another user's")
    return folder


@contextmanager
def only_builder(lock: Path, work: str = "prepares the images") -> Iterator[bool]:
    """Hold `lock`, which the system frees however this process dies; those who wait are told of its `work`.

    False: the file system has no locks, so that two may build, each for itself."""
    with lock.open("ab") as file:
        while (taken := lock_at_once(file)) is False:
            report(f"another process {work}", 0, 1)
            time.sleep(_WAIT_SECONDS)
        yield taken is True


def lock_at_once(file: IO[bytes]) -> bool | None:
    """True if this process has the lock now, until it closes the file; None if the file system has no locks."""
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
        return None
    return True
