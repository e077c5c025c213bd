"""A file that torch writes into, without a copy of all of it in memory."""

from io import FileIO
from pathlib import Path
from typing import Any

import torch


class WholeFile(FileIO):
    """An unbuffered file that writes all of what it is given, or raises OSError, as where the disk is full."""

    def write(self, content: Any) -> int:
        """Write all of it; the number of bytes."""
        left = memoryview(content).cast("B")
        count = len(left)
        while left:
            left = left[super().write(left) :]
        return count


def save_whole(path: Path, state: object) -> None:
    """Write what `torch.load` reads with `weights_only`. Raises OSError as it comes."""
    with WholeFile(path, "w") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:  # torch closes its archive even then, and finds it too short
            if isinstance(error.__context__, OSError):
                raise error.__context__ from error
            raise
