"""The device for training, and the errors when it is missing or runs out of memory."""

import contextlib
import ctypes
import platform
import re
from pathlib import Path

import torch

from gantool.errors import OptionError, TrainingError, did_you_mean

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of glibc's mallopt(3)."""
MOST = 2**31 - 1
NAMES = ("auto", "cuda", "mps", "cpu")


def pick_device(name: str) -> torch.device:
    """The device of this name; `auto` chooses CUDA, then Apple's MPS, then the CPU.

    It also fixes the number of threads, so that CPU results are reproducible bit for bit. Raises OptionError for an
    unknown name, or a device that this machine or this torch does not have.
    """
    # An explicit number is kept. By default MKL takes as many threads as a busy machine has to spare, and each number
    # sums in another order.
    torch.set_num_threads(torch.get_num_threads())
    kind = name.partition(":")[0]
    if kind not in NAMES:
        raise OptionError(f"--device {name}: there is no such device.{_meant(name)} Use {', '.join(NAMES)}, or cuda:1.")
    if kind == "auto":
        return torch.device(
            "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        )
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if not available[kind]:
        raise OptionError(
            f"--device {name}: torch {torch.__version__} finds no such device on this machine. Use --device auto."
        )
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise OptionError(f"--device {name}: not a device. Use e.g. cuda, cuda:1, mps or cpu.") from error
    if kind == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        raise OptionError(
            f"--device {name}: this machine has {torch.cuda.device_count()} CUDA devices, counted from 0."
        )
    return device


def _meant(name: str) -> str:
    """A hint for a device by a number, or as a gpu."""
    kind, _, number = name.lower().replace("cuda", "gpu").partition(":")
    if match := re.fullmatch(r"(?:gpu)?s?(\d*)", f"{kind}{number}"):
        return f" Did you mean {'cuda:' + match[1] if match[1] else 'cuda'!r}?"
    return did_you_mean(kind, NAMES)


def free_memory(device: torch.device) -> int | None:
    """Free memory of the device in bytes; None if the system does not report it."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # reserved by torch and free
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
    """True if the error reports that memory ran out, on any device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def out_of_memory(batch: int, device: torch.device, where: str = "", smaller_helps: bool = True) -> TrainingError:
    """The error message with remedies; `where` is the place in the run, `smaller_helps` if a smaller --batch is one."""
    place = where or f"with batch {batch}"
    smaller = f" --batch {batch // 2}," if batch > 1 and smaller_helps else ""
    return TrainingError(
        f"Out of memory on {device} {place}. Start again with{smaller} --accumulate 2, a lower --resolution or a "
        "narrower network; the last checkpoint is intact."
    )


def keep_freed_memory(device: torch.device) -> bool:
    """Have glibc keep freed blocks for the rest of the process; True if that was possible.

    Otherwise each large CPU tensor is mapped anew, with a page fault for every 4 KiB, at every step. The process does
    not shrink any more, and grows no larger than its peak.
    """
    if device.type != "cpu" or platform.libc_ver()[0] != "glibc":
        return False
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        return bool(libc.mallopt(M_MMAP_MAX, 0) and libc.mallopt(M_TRIM_THRESHOLD, MOST))
    return False
