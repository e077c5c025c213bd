"""Writing files so that a reader never sees half of one: temporary name, fsync, rename."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from gantool.errors import TrainingError

DISK_FULL = 28  # errno.ENOSPC


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Have `write` fill a temporary file beside `path`, then put it in place; on any error `path` is as it was.

    Raises TrainingError when the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        _sync(temporary)
        temporary.replace(path)
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        temporary.unlink(missing_ok=True)
    _sync(path.parent)


def write_folder_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """The same for a folder of files; an older folder of that name is replaced."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        write(temporary)
        for file in temporary.iterdir():
            _sync(file)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _sync(path.parent)


def _sync(path: Path) -> None:
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(error: OSError, path: Path) -> TrainingError:
    if error.errno == DISK_FULL:
        return TrainingError(
            f"The disk is full: {path} could not be written. What was saved before is intact; free space."
        )
    return TrainingError(f"{path} could not be written: {error.strerror or error}.")
