"""Which device trains, and what a user is told when it cannot."""

import contextlib
import ctypes
import platform
from pathlib import Path

import torch

from gantool.errors import OptionError, TrainingError, did_you_mean

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of glibc's mallopt(3)."""
MOST = 2**31 - 1
NAMES = ("auto", "cuda", "mps", "cpu")


def pick_device(name: str) -> torch.device:
    """The device of this name; `auto` takes CUDA, then Apple's MPS, then the CPU.

    From then on computing on the CPU repeats bit for bit. Raises OptionError for a name that is none, or a device this
    machine or this torch does not have.
    """
    # Said aloud, the number holds: left alone, MKL takes as many threads as a busy machine has to spare, and sums in
    # another order with each number.
    torch.set_num_threads(torch.get_num_threads())
    kind = name.partition(":")[0]
    if kind not in NAMES:
        raise OptionError(
            f"--device {name}: there is no such device.{did_you_mean(kind, NAMES)} Use {', '.join(NAMES)}."
        )
    if kind == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if not available[kind]:
        raise OptionError(f"--device {name}: torch {torch.__version__} finds none on this machine. Use --device auto.")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise OptionError(f"--device {name}: not a device. Use e.g. cuda, cuda:1, mps or cpu.") from error
    if kind == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        raise OptionError(
            f"--device {name}: this machine has {torch.cuda.device_count()} CUDA devices, counted from 0."
        )
    return device


def free_memory(device: torch.device) -> int | None:
    """Bytes that a program can still have on the device; None where the system does not tell."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # by torch, for its own use
        return int(torch.cuda.mem_get_info(device)[0]) + kept
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kib = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return None if kib is None else int(kib) * 1024


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out, on whichever device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def out_of_memory(batch: int, device: torch.device, where: str = "", smaller_helps: bool = True) -> TrainingError:
    """What a user can do about it; `where` in the run it happened, and whether a smaller --batch is one there."""
    place = where or f"with batch {batch}"
    smaller = f" --batch {batch // 2}," if batch > 1 and smaller_helps else ""
    return TrainingError(
        f"Out of memory on {device} {place}. Start again with{smaller} --accumulate 2, a lower --resolution or a "
        "narrower network; the last checkpoint is intact."
    )


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
