"""Every error a user can cause or meet, each with the exit code of the command line.

GantoolError                 1   anything gantool explains in a sentence instead of a traceback
├── UsageError               2   the request itself is wrong: fix the command line or the TOML file
│   ├── UnknownNameError     2   no component, option or label has this name
│   └── OptionError          2   an option has the wrong type, range or form
├── PluginError              1   a plugin is broken, or required and missing
├── DataError                1   the images cannot be used
├── CheckpointError          1   a model file or checkpoint is damaged, foreign or missing
├── ResumeError              1   the run exists and its settings differ, or another process has it
├── TrainingError            1   training cannot continue (not finite, out of memory, disk full)
└── StyleError               1   a style transfer cannot continue; the picture so far is kept
"""

import difflib
import errno
import re
from collections.abc import Iterable
from pathlib import Path

_UNPAIRED = re.compile("[\ud800-\udfff]")  # the surrogates by which Python stands for bytes that are no UTF-8
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")  # and what reverses the order


class GantoolError(Exception):
    """The base of all errors for the user: a sentence with the culprit, the place and the remedy."""

    exit_code: int = 1

    def __str__(self) -> str:
        """The sentence, printable whatever foreign names are in it."""
        return printable(super().__str__(), keep="\n\t")


class UsageError(GantoolError):
    """The request itself is wrong: correct the command line or the configuration file."""

    exit_code: int = 2


class UnknownNameError(UsageError):
    """A component, option or label of this name does not exist."""


class OptionError(UsageError):
    """An option has the wrong type, range or form."""


class PluginError(GantoolError):
    """A plugin is broken, or a component that it should provide is not there."""


class DataError(GantoolError):
    """The images cannot be used."""


class CheckpointError(GantoolError):
    """A model file or checkpoint is damaged, foreign or missing."""


class ResumeError(GantoolError):
    """The run exists already, and the requested settings differ from it, or another process is training it."""


class TrainingError(GantoolError):
    """Training cannot continue; the last checkpoint is intact."""


class StyleError(GantoolError):
    """A style transfer cannot continue; the picture so far is kept."""


DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
INTACT = " What was saved before is intact; free space."
"""The end of the error about a full disk, where nothing more is known."""


def is_disk_full(error: BaseException) -> bool:
    """True for a TrainingError about a file that was not written since the disk, or the user's share, is full."""
    why = error.__cause__ if isinstance(error, TrainingError) else None
    return isinstance(why, OSError) and why.errno in DISK_FULL


ALIKE, ALIKE_FILES = 0.6, 0.7
"""The likeness of a name to a known one that may be meant; more where those known are any files of a folder."""


def did_you_mean(name: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """`" Did you mean 'x'?"` for the nearest known name, or an empty string when none is near."""
    near = nearest(name, known, alike)
    return f" Did you mean {near!r}?" if near is not None else ""


def nearest(name: str, known: Iterable[str], alike: float = ALIKE) -> str | None:
    """The known name that is most like this one in letters of either case, if any is near."""
    lowered = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=alike)
    return lowered[near[0]] if near else None


def nearest_file(name: str, known: Iterable[str]) -> str | None:
    """The known file name whose stem is most like this one's; a common suffix would make unlike names look similar."""
    names = list(known)
    near = nearest(Path(name).stem, [Path(each).stem for each in names], ALIKE_FILES)
    alike = [each for each in names if near is not None and Path(each).stem.lower() == near.lower()]
    return max(alike, key=lambda each: difflib.SequenceMatcher(None, each, name).ratio(), default=None)


def suffix_meant(suffix: str, known: Iterable[str]) -> str:
    """`" Did you mean '.webp'?"` for the nearest known suffix, or one of the same letters; empty where none is near."""
    letters, bare = suffix.lstrip(".").lower(), [each.lstrip(".") for each in known]
    same = next((each for each in bare if sorted(each) == sorted(letters)), None)
    near = same or nearest(letters, bare, ALIKE_FILES)
    return f" Did you mean {'.' + near!r}?" if near is not None else ""


def cause(error: BaseException) -> str:
    """An exception in one line: "ImportError: No module named 'x'"."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # an exception of foreign code may fail at being shown, too
        text = ""
    if isinstance(error, SystemExit):
        return f"it tried to end the program (exit code {error.code})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def sentence(phrase: str) -> str:
    """The phrase with a full stop, unless it ends like a sentence already, as by "Did you mean 'x'?"."""
    return phrase if phrase.endswith((".", "?")) else f"{phrase}."


def counted(count: int, noun: str, many: str = "") -> str:
    """A number of things: "1 picture", "2,000 pictures"; `many` is the plural of a noun that takes no s."""
    return f"{count:,} {noun if count == 1 else many or f'{noun}s'}"


def one_image(place: str) -> str:
    """The sentence that one image is too few."""
    return f"There is one image in {place}; training needs two at the least, and some hundreds to be worth while."


def none_usable(count: int, noun: str, place: str, why: str) -> str:
    """The sentence that of so many things nothing can be used: "None of the 3 pictures in x can be used: ..."."""
    one = f"The only {noun}{place} cannot be used"
    return f"{one if count == 1 else f'None of the {count:,} {noun}s{place} can be used'}: {why}."


def shortened(text: str, letters: int) -> str:
    """The beginning of a text that is longer than so many letters, with an ellipsis."""
    return text if len(text) <= letters else f"{text[: letters - 3].rstrip()}..."


def printable(text: str, keep: str = "") -> str:
    """Valid text on one line without tabs: control characters as escapes, undecodable bytes as U+FFFD.

    The characters of `keep` stay, such as line ends.
    """
    text = _UNPAIRED.sub("\ufffd", text)
    return _CONTROL.sub(lambda found: found[0] if found[0] in keep else ascii(found[0])[1:-1], text)


def nearest_beside(path: Path) -> str:
    """`" Did you mean 'x'?"` for a path that does not exist, from the names in its folder; empty where none is near."""
    try:
        others = [other.name for other in path.absolute().parent.iterdir() if other.name != path.name]
    except OSError:
        return ""
    near = nearest_file(path.name, others)
    return f" Did you mean {near!r}?" if near is not None else ""
