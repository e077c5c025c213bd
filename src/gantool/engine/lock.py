"""One process trains a run folder at a time; the system frees the lock when the process ends, however it ends."""

from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from gantool.errors import ResumeError

LOCK = ".lock"
"""A file of the run folder that stays there, empty: only who holds it counts."""


class RunLock:
    """A run folder that nobody else may train: from the making of this until `release`, or until it is dropped.

    As a context it is held inside, and free afterwards. Raises ResumeError when another process has the run.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._lock = FileLock(run / LOCK, timeout=0, thread_local=False)
        self.take()

    def take(self) -> None:
        """Hold the run, if this does not yet."""
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
        """Let others have the run."""
        self._lock.release(force=True)

    def __enter__(self) -> "RunLock":
        self.take()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.release()
