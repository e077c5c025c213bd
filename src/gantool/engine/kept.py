"""What was measured on this machine, kept in files of the cache folder, so that the same run computes the same way."""

import json
import platform
from pathlib import Path

import torch

from gantool.errors import GantoolError
from gantool.files import write_text
from gantool.reading import read_json


def machine(device: torch.device) -> str:
    """The processor, the threads and the torch by which what was measured is known."""
    processor = f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    if device.type == "cuda":
        processor = torch.cuda.get_device_name(device)
    return f"{processor}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def kept(file: Path) -> dict[str, str]:
    """The contents of such a file; empty where there is none that can be read."""
    try:
        known = read_json(file)
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def keep(file: Path, known: dict[str, str]) -> None:
    """Write such a file, where that is possible: otherwise it is measured again next time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(known, indent=1))
    except (OSError, GantoolError):
        pass
