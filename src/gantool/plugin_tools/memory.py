"""Which plugins were installed through gantool: remembered for the user, beyond the life of an environment."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from gantool.errors import PluginError
from gantool.files import write_atomically
from gantool.plugins.loading import canonical

FILE = "plugins.json"


@dataclass(frozen=True)
class Remembered:
    """A distribution, and what an installer was given for it."""

    distribution: str
    requirement: str
    editable: bool = False


def home_folder() -> Path:
    """Where gantool keeps what should outlive an environment: GANTOOL_HOME, else the system's place for such data."""
    if chosen := os.environ.get("GANTOOL_HOME"):
        return Path(chosen).expanduser()
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "gantool"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "gantool"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "gantool"


def remembered() -> list[Remembered]:
    """What was installed, oldest first. Raises PluginError when the file cannot be read."""
    file = home_folder() / FILE
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))["plugins"]
        return [Remembered(str(one["distribution"]), str(one["requirement"]), bool(one["editable"])) for one in listed]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PluginError(f"{file} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PluginError(
            f"{file}, the list of plugins that gantool installed, is damaged. Mend or delete it; the plugins "
            "themselves are not touched by that."
        ) from error


def recall(distribution: str) -> Remembered | None:
    """What is remembered of a distribution; None when nothing is, or the list cannot be read."""
    try:
        listed = remembered()
    except PluginError:
        return None
    return next((one for one in listed if canonical(one.distribution) == canonical(distribution)), None)


def remember(entry: Remembered) -> None:
    """Note it, in place of what was known of the distribution. Raises PluginError when the list cannot be changed."""
    _change(lambda others: [*others, entry], entry.distribution)


def forget(distribution: str) -> None:
    """Note that it is not wanted any more. Raises PluginError when the list cannot be changed."""
    if recall(distribution) is not None:
        _change(lambda others: others, distribution)


def _change(made_of: Callable[[list[Remembered]], list[Remembered]], distribution: str) -> None:
    folder = home_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{FILE}.lock"):
            others = [one for one in remembered() if canonical(one.distribution) != canonical(distribution)]
            listed = {"plugins": [asdict(one) for one in made_of(others)]}
            text = json.dumps(listed, indent=2, ensure_ascii=False) + "\n"
            write_atomically(folder / FILE, lambda new: new.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise PluginError(f"{folder / FILE} cannot be written: {error.strerror or error}.") from error
