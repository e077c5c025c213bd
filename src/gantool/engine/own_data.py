"""Whether pictures are those that a run was trained on."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from gantool.engine import checkpoint

_PATH = re.compile(r"\bpath=([^,]+)")


def is_other(data: str, fingerprint: str | None, trained_on: str, fingerprint_then: str | None) -> bool:
    """True for other pictures than those trained on: both by their text in the grammar of `--data`, and fingerprints.

    Without a fingerprint of both, names and paths of the sources decide.
    """
    if data == trained_on:
        return False
    if fingerprint is not None and fingerprint_then is not None:
        return fingerprint != fingerprint_then
    return _place(data) != _place(trained_on)


def own_data(run: Path, trained_on: str) -> Callable[[str, str | None], bool]:
    """A function that is true for the pictures that a run was trained on, given as `is_other` has them.

    Pictures that are not named are taken for them.
    """

    @cache
    def then() -> str | None:
        newest = checkpoint.newest(run)
        found = None if newest is None else checkpoint.data_of(newest)
        return None if found is None else found[1]

    return lambda data, fingerprint: data in ("", trained_on) or not is_other(data, fingerprint, trained_on, then())


def _place(data: str) -> tuple[str, list[str]]:
    """Name and paths of a source, without its other options, of which versions have more or fewer."""
    return data.partition(":")[0], _PATH.findall(data)
