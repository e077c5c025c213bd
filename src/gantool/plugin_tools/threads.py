"""Threads that a plugin starts while it is imported, and for which Python waits when the program is at its end."""

import threading
import time
from collections.abc import Set

SECONDS = 2.0
"""For such a thread to end by itself."""


def lingering(before: Set[threading.Thread]) -> str | None:
    """What is wrong with the threads that run now and did not `before`, in a phrase; None when they end in a moment.

    Daemons are not waited for, and a pool's idle workers end with the program.
    """
    new = [thread for thread in threading.enumerate() if thread not in before]
    until = time.monotonic() + SECONDS
    for thread in (each for each in new if not each.daemon and not _of_a_pool(each)):
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            return f"started a thread that does not end ({thread.name!r} still ran {SECONDS:g} seconds later)"
    return None


def _of_a_pool(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", None) == "concurrent.futures.thread"
