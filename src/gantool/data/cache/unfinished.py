"""The folders of builds that were killed or interrupted: gone on with, or removed."""

import shutil
import time
from contextlib import suppress
from pathlib import Path

from gantool.files import lock_at_once

DAYS = 7
"""Days after which no build is expected to go on any more."""


def folder_of(target: Path) -> Path:
    """The folder in which the cache `target` is built."""
    return target.with_name(f".{target.name}.part")


def remove_others(partial: Path, stem: str) -> None:
    """Remove what cannot be gone on with: of the same images before they changed, or of any images and forgotten.

    The caller holds the lock of `stem`; a build that holds its own is left alone.
    """
    root = partial.parent
    for other in root.glob(".*.part"):
        if other == partial or not other.is_dir():
            continue
        own = other.name[1:].removesuffix(".part").rpartition("-")[0]
        if own == stem:
            shutil.rmtree(other, ignore_errors=True)
        elif own and _is_forgotten(other):
            with suppress(OSError), (root / f"{own}.lock").open("ab") as file:
                if lock_at_once(file):
                    shutil.rmtree(other, ignore_errors=True)


def _is_forgotten(folder: Path) -> bool:
    """True where nothing was written for `DAYS` days."""
    try:
        last = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:
        return False
    return time.time() - last > DAYS * 86_400
