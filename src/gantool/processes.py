"""Other processes, and the user that this one belongs to."""

import os
import sys
from pathlib import Path


def is_alive(process: int) -> bool:
    """True if a process of this number runs on this machine."""
    if sys.platform == "win32":  # where os.kill would end it
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
        return bool(handle and ctypes.windll.kernel32.CloseHandle(handle))
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def user() -> str:
    """The user's number; empty on Windows, where the folder of temporary files is the user's own."""
    return "" if sys.platform == "win32" else str(os.getuid())


def is_private(folder: Path) -> bool:
    """True for a folder, and no link to one, that belongs to the user and that nobody else may write to."""
    if sys.platform == "win32":
        return True
    found = folder.lstat()
    return found.st_uid == os.getuid() and folder.is_dir() and not folder.is_symlink() and not found.st_mode & 0o022
