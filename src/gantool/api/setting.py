"""The declaration of a setting: its default, limits and help, and the flag by which a command takes it."""

from dataclasses import asdict, dataclass
from typing import Any

from pydantic import Field


@dataclass(frozen=True)
class Flag:
    """The command-line flag of a setting, beside its help and its type.

    Without a `panel` it has no flag, and is for files and library users only. `kind` is the kind of component it
    names. `counts` are numbers of images, that may be written as 200k. A `free` setting may change when a run resumes:
    how far, where and how it reports, not what it computes. One that `changes` may do so by `--change`, which keeps the
    former value in the run's history: what a run can take up in mid-run with the state that it has. One given
    `again` is a list on the command line, though one text in a file.
    """

    panel: str = ""
    kind: str = ""
    metavar: str = ""
    counts: bool = False
    free: bool = False
    changes: bool = False
    again: bool = False


def setting(
    default: Any,
    help: str,
    panel: str = "",
    *,
    kind: str = "",
    metavar: str = "",
    counts: bool = False,
    free: bool = False,
    changes: bool = False,
    again: bool = False,
    **limits: Any,
) -> Any:
    """One field of `RunConfig`: its default (`...`: none), one line of help, its flag, and limits."""
    flag = asdict(Flag(panel, kind, metavar, counts, free, changes, again))
    return Field(default, description=help, json_schema_extra=flag, **limits)
