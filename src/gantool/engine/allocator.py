"""Keeping memory that was freed: training asks for the same large blocks again at every step."""

import contextlib
import ctypes
import platform

import torch

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of glibc's mallopt(3)."""
MOST = 2**31 - 1


def keep_freed_memory(device: torch.device) -> bool:
    """Ask glibc not to return freed blocks to the system, for the rest of the process; whether it was done.

    Else each large tensor on the CPU is mapped anew and pays a page fault for every 4 KiB, at every step. The process
    does not shrink any more, and grows no larger than its peak.
    """
    if device.type != "cpu" or platform.libc_ver()[0] != "glibc":
        return False
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        return bool(libc.mallopt(M_MMAP_MAX, 0) and libc.mallopt(M_TRIM_THRESHOLD, MOST))
    return False
