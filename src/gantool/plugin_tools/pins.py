"""What an installer must leave as it is: torch, torchvision, gantool and what it needs, by a file of constraints."""

import hashlib
import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from gantool.errors import PluginError
from gantool.files import cache_folder, write_atomically

PINNED = ("torch", "torchvision", "gantool")
_WANTED = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[.*\])?\s*\(?([<>=!~][^)]*)?\)?")


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


def needs() -> dict[str, str]:
    """What gantool itself requires, name to versions as its metadata has them.

    pip leaves installed packages out of account that nothing in a request asks for, so a plugin that does not name
    gantool could take them away from it.
    """
    found = {}
    for line in metadata.requires("gantool") or ():
        wanted = _WANTED.fullmatch(line.partition(";")[0].strip())
        if wanted and wanted[2] and "extra ==" not in line and wanted[1] not in PINNED:
            found[wanted[1]] = wanted[2].replace(" ", "")
    return found


def constraints_file(pins: Mapping[str, str], needed: Mapping[str, str] | None = None) -> Path:
    """The file that an installer is given, one for each environment; it stays, so that a printed command works.

    Raises TrainingError when it cannot be written.
    """
    environment = hashlib.sha256(sys.prefix.encode()).hexdigest()[:12]
    file = cache_folder() / f"constraints-{environment}.txt"
    lines = [f"{name}=={version}" for name, version in pins.items()]
    lines += [f"{name}{versions}" for name, versions in (needed or {}).items()]
    text = "".join(f"{line}\n" for line in lines)
    write_atomically(file, lambda new: new.write_text(text, encoding="utf-8"))
    return file


def conflict(
    output: str, pins: Mapping[str, str], needed: Mapping[str, str] | None = None, pip: str = "pip install"
) -> str:
    """Why an installer failed, where its words say that it was for a constraint; otherwise an empty string.

    `pip` is what one types to install a package.
    """
    for name, versions in (needed or {}).items():
        if re.search(rf"(?<![\w-]){name}(?![\w.-])\S*{re.escape(versions)}", output):
            return f" It asks for a version of {name} that gantool does not work with: gantool needs {name}{versions}."
    hit = [name for name, version in pins.items() if re.search(_pinned(name, version), output)]
    if not hit:
        return ""
    kept = " and ".join(f"{name} {pins[name]}" for name in hit)
    change = f"{pip} {' '.join(f'{name}==VERSION' for name in hit)}"
    return (
        f" It asks for another version than the one installed: gantool leaves {kept} as it is. If you want the change, "
        f"make it yourself first ('{change}'), then install the plugin again."
    )


def _pinned(name: str, version: str) -> str:
    """A pin as pip and uv repeat it, perhaps beside others: `torch<3,==2.6.0`; not that of a `torch-something`."""
    return rf"(?<![\w-]){name}(?![\w.-])\S*=={re.escape(version)}"
