"""Settings that a new run takes from the file of another, but for what that run chose by itself for what it had."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gantool.api.specs import AUTO
from gantool.engine.run_names import CHOICES
from gantool.plugins.grammar import parse_choice
from gantool.reading import read_json
from gantool.run.config import read_config
from gantool.run.folder import GIVEN

FOLLOWING = "augment"
"""The setting whose default depends on the loss and on the number of pictures."""


def chosen_anew(
    asked: Mapping[str, Any], flags: Mapping[str, Any], file: Path | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings asked for by file and flags, without the file's augmentation where a flag names other data or loss.

    It is kept where a person chose it: by a flag of this command or, as the run's list of choices tells, of that run
    or one before it. Where it is kept as that run chose it, the second is that run's reason, by its name, without what
    that says of the augmentation's course in a run of another length.
    """
    settings = dict(asked)
    if file is None or flags.get(FOLLOWING) is not None:
        return settings, {}
    written = read_config(file)
    if "loss" not in written or FOLLOWING not in written:  # a file of a run has both
        return settings, {}
    why = _why_chosen(file.parent / CHOICES, str(written[FOLLOWING]))
    if not why:
        return settings, {}
    loss = flags.get("loss")
    same = loss is None or parse_choice(str(written["loss"])).name == parse_choice(str(loss)).name
    if same and flags.get("data") is None:
        as_long = flags.get("images") in (None, written.get("images"))
        return settings, {FOLLOWING: why if as_long else why.partition("; ")[0]}
    del settings[FOLLOWING]
    return settings, {}


def without_chosen(asked: Mapping[str, Any], kept: Mapping[str, str]) -> list[str]:
    """The names of settings that a person gave, without an augmentation that a run chose or is to choose."""
    return [name for name in asked if name not in kept and (name, asked[name]) != (FOLLOWING, AUTO)]


def _why_chosen(choices: Path, text: str) -> str:
    """The reason by which a run chose its augmentation; empty where it was given."""
    try:
        listed: Any = read_json(choices)
        found = [one for one in listed if (one["setting"], one["value"]) == (FOLLOWING, text)]
        return next((str(one["why"]) for one in found if one["why"] != GIVEN and not one.get(GIVEN)), "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
