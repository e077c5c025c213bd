"""Which plugins end or hang the process that imports them: another one imports all, and says whose turn it is.

A plugin that raises harms nobody, so nothing is asked about it here. What ends a process cannot be caught within it,
and a process that a plugin's thread keeps from ending cannot end.
"""

import json
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from gantool.plugin_tools.checking import guests, wanted
from gantool.plugin_tools.isolated import Write, run, serve
from gantool.plugin_tools.threads import lingering
from gantool.plugins.host import PluginHost, look_in
from gantool.plugins.loading import Key, collect

SECONDS = 20.0
"""For the import of one plugin; torch from a slow disk takes half of that."""


def careful_host(folders: Sequence[Path] = ()) -> PluginHost:
    """The host of this process with the plugins of these folders too, and without those that would end or hang it.

    Raises UsageError when one of `folders` is none.
    """
    return look_in(folders, lambda: fatal(folders))


def fatal(folders: Sequence[Path], seconds: float = SECONDS) -> dict[Key, str]:
    """The plugins that must not be imported, each with what came of trying.

    Raises UsageError when one of `folders` is none.
    """
    found: dict[Key, str] = {}
    while len(found) < len(wanted(guests(folders))):
        places = [str(folder.expanduser().absolute()) for folder in folders]
        lines, ending = run(__name__, json.dumps([places, list(found)]), seconds)
        found |= {(*line["end"],): f"importing it {line['lingers']}" for line in lines if line.get("lingers")}
        turn = next((line["begin"] for line in reversed(lines) if "begin" in line), None)
        if ending is None or turn is None or "end" in lines[-1]:
            return found
        found[(turn[0], turn[1], turn[2])] = f"importing it {ending}"
    return found


def call(text: str, write: Write) -> None:
    """Import every plugin that is wanted, but those that are known to be fatal."""
    folders, known = json.loads(text)
    for candidate in wanted(guests([Path(folder) for folder in folders])):
        key = list(candidate.key)
        if key not in known:
            write({"begin": key})
            before = set(threading.enumerate())
            collect(candidate)
            write({"end": key, "lingers": lingering(before)})


if __name__ == "__main__":
    serve(sys.argv[1:], call)
