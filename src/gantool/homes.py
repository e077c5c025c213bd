"""Paths as users write them, and as they are told."""

import os.path
from pathlib import Path


def at_home(path: str | Path) -> Path:
    """The path with the home folder in place of `~` or `~user`; as it is where there is no such user."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 (Path.expanduser raises RuntimeError then)


def folder_of(path: str | Path) -> Path:
    """The folder that holds a path, for the end of a sentence: by its full name where it would be "." or ".."."""
    folder = Path(path).parent
    return folder if folder.name not in ("", "..") else folder.resolve()
