"""What an installer must leave as it is: torch, torchvision and gantool, by a file of constraints."""

import hashlib
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from gantool.data.cache_folder import cache_folder
from gantool.engine.files import write_atomically
from gantool.errors import PluginError

PINNED = ("torch", "torchvision", "gantool")


def installed_pins() -> dict[str, str]:
    """The versions that must stay, local suffixes such as +cpu included.

    Raises PluginError when gantool itself is not installed: an installer would fetch one for the plugin to depend on.
    """
    pins = {}
    for name in PINNED:
        try:
            pins[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if "gantool" not in pins:
        raise PluginError(
            f"gantool itself is not installed for {sys.executable} (it runs from a folder), so an installer would "
            "fetch another one for the plugin. Install this one first, for instance by 'pip install -e .' in its "
            "folder; a plugin that is not installed works from a folder too: --plugins-dir."
        )
    return pins


def constraints_file(pins: Mapping[str, str]) -> Path:
    """The file that an installer is given, one for each environment; it stays, so that a printed command works.

    Raises TrainingError when it cannot be written.
    """
    environment = hashlib.sha256(sys.prefix.encode()).hexdigest()[:12]
    file = cache_folder() / f"constraints-{environment}.txt"
    text = "".join(f"{name}=={version}\n" for name, version in pins.items())
    write_atomically(file, lambda new: new.write_text(text, encoding="utf-8"))
    return file


def conflict(output: str, pins: Mapping[str, str]) -> str:
    """Why an installer failed, where its words say that it was for a pin; otherwise an empty string."""
    hit = [name for name, version in pins.items() if re.search(_pinned(name, version), output)]
    if not hit:
        return ""
    kept = " and ".join(f"{name} {pins[name]}" for name in hit)
    return (
        f" It asks for another version than the one installed: gantool leaves {kept} as it is. If you want the change, "
        f"make it yourself first ('pip install' or 'uv pip install' {' '.join(hit)} in the version wanted), then "
        "install the plugin again."
    )


def _pinned(name: str, version: str) -> str:
    """A pin as pip and uv repeat it, perhaps beside others: `torch<3,==2.6.0`; not that of a `torch-something`."""
    return rf"(?<![\w-]){name}(?![\w.-])\S*=={re.escape(version)}"
