"""Paths as users write them.."""

import os.path
from pathlib import Path


def at_home(path: str | Path) -> Path:
    """The path with the home folder in place of `~` or `~user`; as it is where there is no such user."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 (Path.expanduser raises RuntimeError then)
