"""Settings that a new run takes from the file of another, but for what that run chose by itself for another loss."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gantool.engine.run_names import CHOICES
from gantool.plugins.grammar import parse_choice
from gantool.reading import read_json
from gantool.run.config import read_config
from gantool.run.folder import GIVEN

FOLLOWING = "augment"
"""The setting whose default depends on the loss."""


def chosen_anew(asked: Mapping[str, Any], flags: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    """The settings asked for by file and flags, without the file's augmentation where a flag names another loss.

    It is kept where a person chose it: by a flag of this command or, as the run's list of choices tells, of that run.
    """
    settings = dict(asked)
    if file is None or flags.get("loss") is None or flags.get(FOLLOWING) is not None:
        return settings
    written = read_config(file)
    if "loss" not in written or FOLLOWING not in written:  # a file of a run has both
        return settings
    same = parse_choice(str(written["loss"])).name == parse_choice(str(flags["loss"])).name
    if not same and _was_default(file.parent / CHOICES, str(written[FOLLOWING])):
        del settings[FOLLOWING]
    return settings


def _was_default(choices: Path, text: str) -> bool:
    try:
        listed: Any = read_json(choices)
        found = [one for one in listed if (one["setting"], one["value"]) == (FOLLOWING, text)]
        return any(one["why"] != GIVEN for one in found)
    except (OSError, ValueError, KeyError, TypeError):
        return False
