"""What `gantool evaluate` says of a run, in the columns of a table."""

import os
import subprocess
import sys
from collections.abc import Mapping

from gantool.errors import GantoolError

COLUMNS = {
    "KID x 1000": ("kid", "kid"),
    "recall": ("precision-recall", "recall"),
    "coverage": ("density-coverage", "coverage"),
    "SWD": ("swd", "swd"),
}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
"""The environment of what is trained and judged."""


def gantool(*words: str) -> str:
    """The standard output of a command on one thread. Raises GantoolError with its last words if it fails."""
    command = [sys.executable, "-m", "gantool", *words]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GantoolError(f"gantool {' '.join(words)}\n{done.stderr}")
    return done.stdout


def columns(values: Mapping[str, Mapping[str, float]], suffix: str = "") -> dict[str, float]:
    """The values by column; with the suffix `_error` their standard errors, where there are any."""
    found = {}
    for title, (metric, name) in COLUMNS.items():
        value = values.get(metric, {}).get(name + suffix)
        if value is not None:
            found[title] = value * (1000 if title.endswith("1000") else 1)
    return found
