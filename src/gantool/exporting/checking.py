"""The check that an exported network draws what the network itself draws."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from gantool.errors import GantoolError

TOLERANCE = 1e-4

Batches = Mapping[str, Mapping[str, Tensor]]
"""The inputs of each batch by their names; the names of batches have no dot."""
Drawn = Mapping[str, np.ndarray]
"""The pictures of each batch."""


def check_same(what: str, by: str, wanted: Drawn, drawn: Drawn, remark: str = "") -> None:
    """Raise GantoolError unless all pictures that `by` has drawn equal the wanted ones to `TOLERANCE`."""
    for batch, images in wanted.items():
        made = drawn[batch]
        off = np.inf if made.shape != images.shape else float(np.abs(made - images).max())
        if not off <= TOLERANCE:
            raise GantoolError(
                f"{what} was not exported: {by} draws a batch of {batch} that differs from gantool's by {off:.2g}, and "
                f"{TOLERANCE:g} is allowed.{remark}"
            )


def by_onnxruntime(path: Path, batches: Batches) -> tuple[str, Drawn]:
    """The name of onnxruntime with its version, and its pictures of the batches, in a process without torch.

    Raises GantoolError where it cannot draw with the file.
    """
    arrays: dict[str, Any] = {
        f"{batch}.{name}": tensor.numpy() for batch, given in batches.items() for name, tensor in given.items()
    }
    child = files("gantool.exporting").joinpath("child.py")
    with tempfile.TemporaryDirectory() as folder:
        given, drawn = Path(folder) / "given.npz", Path(folder) / "drawn.npz"
        np.savez(given, **arrays)
        done = subprocess.run(
            [sys.executable, "-P", str(child), str(path), str(given), str(drawn)], capture_output=True, text=True
        )
        if done.returncode:
            told = " ".join(done.stderr.split())[-200:] or f"exit code {done.returncode}"
            raise GantoolError(f"onnxruntime cannot draw with what was exported: {told}")
        with np.load(drawn) as made:
            return f"onnxruntime {version('onnxruntime')}", {batch: made[batch] for batch in batches}
