"""A process of its own in which one plugin is imported and its components are tried; `checking` starts it and reads on.

Of other plugins only its siblings are loaded here, those of the same distribution: a recipe may name what they bring.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gantool.api.specs import Spec
from gantool.errors import PluginError
from gantool.plugin_tools.isolated import Write, serve
from gantool.plugin_tools.threads import lingering
from gantool.plugins.host import PluginHost, using
from gantool.plugins.loading import HEAVY, Candidate, built_in, collect, in_folder, installed
from gantool.plugins.status import Plugin, blocked


@dataclass(frozen=True)
class Request:
    """Which plugin to examine, of its components only those named `only`, without those in `skip` (kind and name).

    `without` names the plugins of its distribution that must not be imported.
    """

    name: str
    distribution: str
    origin: str
    only: str | None = None
    skip: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    quick: bool = True

    def text(self) -> str:
        """For the command line of the process."""
        return json.dumps(vars(self))

    @staticmethod
    def read(text: str) -> "Request":
        """What `text` wrote."""
        given = json.loads(text)
        skip = tuple((kind, name) for kind, name in given["skip"])
        return Request(**{**given, "skip": skip, "without": tuple(given["without"])})


def examine(request: Request, write: Write) -> None:
    """Import the plugin, tell what it declares, and try its components one after the other."""
    candidate = _find(request)
    before, threads, began = set(sys.modules), set(threading.enumerate()), time.perf_counter()
    collected = collect(candidate)
    milliseconds = (time.perf_counter() - began) * 1000
    heavy = [name for name in HEAVY if name in sys.modules and name not in before]
    declared = [(kind, spec) for kind, specs in collected.specs.items() for spec in specs]
    write(
        {
            "import_ms": round(milliseconds, 1),
            "heavy": heavy,
            "error": collected.error,
            "lingers": lingering(threads),
            "declared": [] if collected.error else [(kind, spec.name) for kind, spec in declared],
        }
    )
    if collected.error is None:
        host = PluginHost(guests=False, environ={})
        if candidate.origin != "built-in":
            host.add(candidate.load(), candidate.distribution)
        for sibling in _siblings(candidate, request.without):
            write({"sibling": sibling.name})
            if collect(sibling).error is None:
                host.add(sibling.load(), sibling.distribution)
        for kind, spec in declared:
            wanted = request.only in (None, spec.name) and (kind, spec.name) not in request.skip
            if wanted and host.specs(kind).get(spec.name) == spec:  # else it gives way to a built-in
                write({"begin": (kind, spec.name)})
                began = time.perf_counter()
                needs = [name for name, info in spec.options.model_fields.items() if info.is_required()]
                faults = [] if needs else _faults(host, kind, spec, request.quick)
                seconds = round(time.perf_counter() - began, 1)
                write({"end": (kind, spec.name), "faults": faults, "seconds": seconds, "needs": needs})


def _find(request: Request) -> Candidate:
    if request.origin == "built-in":
        return built_in(request.name)
    found = installed() if request.origin == "installed" else in_folder(Path(request.origin).parent)
    for candidate in found:
        if candidate.key == (request.name, request.distribution, request.origin):
            return candidate
    raise PluginError(f"There is no plugin {request.name} of {request.distribution} ({request.origin}) any more.")


def _siblings(candidate: Candidate, without: Sequence[str]) -> list[Candidate]:
    """What else its distribution brings and nobody blocks; GANTOOL_PLUGINS need not name what is examined."""
    environ = {"GANTOOL_BLOCK_PLUGINS": os.environ.get("GANTOOL_BLOCK_PLUGINS", "")}
    found = installed() if candidate.origin == "installed" else ()
    return [
        other
        for other in found
        if other.distribution == candidate.distribution
        and other.name not in (candidate.name, *without)
        and blocked(Plugin.of(other), environ) is None
    ]


def _faults(host: PluginHost, kind: str, spec: Spec, quick: bool) -> list[str]:
    from gantool.testing import check_component

    with using(host):
        return check_component(kind, spec, quick=quick)


if __name__ == "__main__":
    serve(sys.argv[1:], lambda request, write: examine(Request.read(request), write))
