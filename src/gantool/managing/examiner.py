"""A process of its own in which one plugin is imported and its components are tried; `checking` starts it and reads on.

No other plugin is loaded here.
"""

import json
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from gantool.components import Spec
from gantool.errors import PluginError
from gantool.managing.isolated import Write, serve
from gantool.managing.threads import lingering
from gantool.plugin_loading import HEAVY, Candidate, built_in, collect, in_folder, installed
from gantool.plugins import PluginHost, using


@dataclass(frozen=True)
class Request:
    """Which plugin to examine, of its components only those named `only`, without those in `skip` (kind and name)."""

    name: str
    distribution: str
    origin: str
    only: str | None = None
    skip: tuple[tuple[str, str], ...] = ()
    quick: bool = True

    def text(self) -> str:
        """For the command line of the process."""
        return json.dumps(vars(self))

    @staticmethod
    def read(text: str) -> "Request":
        """What `text` wrote."""
        given = json.loads(text)
        return Request(**{**given, "skip": tuple((kind, name) for kind, name in given["skip"])})


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
        host = _host_of(candidate)
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


def _host_of(candidate: Candidate) -> PluginHost:
    """A host of the built-ins and this plugin, with what else its distribution brings: a recipe may name that."""
    host = PluginHost(guests=False, environ={})
    if candidate.origin != "built-in":
        host.add(candidate.load(), candidate.distribution)
    for other in installed() if candidate.origin == "installed" else ():
        sibling = other.distribution == candidate.distribution and other.name != candidate.name
        if sibling and collect(other).error is None:
            host.add(other.load(), other.distribution)
    return host


def _faults(host: PluginHost, kind: str, spec: Spec, quick: bool) -> list[str]:
    from gantool.testing import check_component

    with using(host):
        return check_component(kind, spec, quick=quick)


if __name__ == "__main__":
    serve(sys.argv[1:], lambda request, write: examine(Request.read(request), write))
