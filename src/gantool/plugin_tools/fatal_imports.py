"""The plugins that end or hang the process that imports them, found by a child process that imports all of them.

Exceptions are handled where plugins are loaded. An exit of the process cannot be caught within it, and
a process whose threads a plugin keeps running cannot end.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gantool import __version__
from gantool.errors import TrainingError
from gantool.files import cache_folder, write_text
from gantool.plugin_tools import examination
from gantool.plugin_tools.child_process import run
from gantool.plugin_tools.doctor import candidates, wanted
from gantool.plugin_tools.examination import Request
from gantool.plugin_tools.installed import InstalledPlugin, installed_plugins
from gantool.plugins.loading import Candidate, Key
from gantool.reading import read_json

SECONDS = 20.0
"""The limit for the import of one plugin; torch from a slow disk takes half of that."""


def fatal_imports(found: Sequence[Candidate], seconds: float = SECONDS) -> dict[Key, str]:
    """The plugins that must not be imported, each with a phrase on what came of trying."""
    rest, reasons = [candidate.key for candidate in found], dict[Key, str]()
    while rest:
        lines, ending = run(examination.__name__, Request(tuple(rest)).text(), lambda _: seconds)
        imported = [line for line in lines if "imported" in line]
        for key, line in zip(rest, imported, strict=False):
            if line["lingers"]:
                reasons[key] = f"importing it {line['lingers']}"
        if ending is None or not lines or "importing" not in lines[-1]:
            break
        reasons[rest[len(imported)]] = f"importing it {ending}"
        rest = rest[len(imported) + 1 :]
    return reasons


def cached_fatal_imports(folders: Sequence[Path]) -> dict[Key, str]:
    """The same of all plugins that are wanted, found once for each installation: the answer lies in the cache folder.

    It is not kept where a fatal plugin's code may change without an installation, in a folder or by `--editable`.
    Raises UsageError when one of `folders` is none.
    """
    found = wanted(candidates(folders))
    if not found:
        return {}
    installations = {one.distribution: one for one in installed_plugins()}
    parts = [sys.prefix, sys.version, __version__, *(_fingerprint(each, installations) for each in found)]
    key = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
    file = cache_folder() / f"plugin-imports-{hashlib.sha256(sys.prefix.encode()).hexdigest()[:12]}.json"
    if (known := _read(file, key)) is not None:
        return known
    reasons = fatal_imports(found)
    lasting = {name for name, one in installations.items() if not one.editable}
    if all(origin == "installed" and distribution in lasting for _, distribution, origin in reasons):
        _write(file, key, reasons)
    return reasons


def _fingerprint(candidate: Candidate, installations: Mapping[str, InstalledPlugin]) -> str:
    """A text that differs after each installation, and after a change of a file in a folder."""
    if candidate.origin == "installed":
        one = installations.get(candidate.distribution)
        changed = one.stamp if one else None
    else:
        place = Path(candidate.origin)
        changed = (place / "__init__.py" if place.is_dir() else place).stat().st_mtime_ns
    return repr((candidate.key, candidate.version, changed))


def _read(file: Path, key: str) -> dict[Key, str] | None:
    try:
        known = read_json(file)
        if known["key"] != key:
            return None
        return {(name, distribution, origin): why for (name, distribution, origin), why in known["fatal"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(file: Path, key: str, reasons: Mapping[Key, str]) -> None:
    text = json.dumps({"key": key, "fatal": list(reasons.items())})
    with suppress(TrainingError):  # a full disk stops no list of plugins
        write_text(file, text)
