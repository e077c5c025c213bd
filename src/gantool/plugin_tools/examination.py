"""The child process of `doctor`: it imports plugins, and tries the components of one of them.

Of other plugins its siblings are imported, those of the same distribution, as a recipe may name what they bring; and
its neighbours, one by one, until an architecture is found that a component goes with.
"""

import json
import sys
import threading
import time
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from gantool.api.specs import Component, Spec
from gantool.errors import nearest
from gantool.plugin_tools.child_process import Write, serve
from gantool.plugins.host import PluginHost, using
from gantool.plugins.loading import HEAVY, Candidate, CollectedSpecs, Key, built_in, collect, in_folder, installed

_LOST: dict[str, Any] = {
    "import_ms": 0.0, "heavy": [], "error": "a new process does not find it", "lingers": None, "declared": [],
}  # fmt: skip

THREAD_SECONDS = 2.0
"""The time for a thread that an import started to end by itself."""


@dataclass(frozen=True)
class Request:
    """The plugins to import, in this order, and how the components of the first are tried.

    `neighbours` are the plugins that may bring an architecture which a component of the first goes with.
    `only` is the name of those to try, `skip` are the kind and name of those not to try.
    """

    plugins: tuple[Key, ...]
    trial: Literal["none", "quick", "full"] = "none"
    only: str | None = None
    skip: tuple[tuple[str, str], ...] = ()
    neighbours: tuple[Key, ...] = ()

    def text(self) -> str:
        """The request as an argument of the command line."""
        return json.dumps(vars(self))

    @staticmethod
    def read(text: str) -> "Request":
        """The request that `text` wrote."""
        return TypeAdapter(Request).validate_json(text)


def examine(request: Request, write: Write) -> None:
    """Import the plugins one after the other, then try the components of the first."""
    sound: dict[Key, tuple[Candidate, CollectedSpecs]] = {}
    for key in request.plugins:
        write({"importing": key})
        candidate = _find(key)
        found, report = _imported(candidate) if candidate else (None, _LOST)
        if candidate and found and found.error is None:
            sound[key] = candidate, found
        write({"imported": key, **report})
    if request.trial == "none" or request.plugins[0] not in sound:
        return
    host = PluginHost(third_party=False, environ={})
    for candidate, _ in sound.values():
        if candidate.origin != "built-in":
            host.add(candidate.load(), candidate.distribution)
    specs_by_kind = sound[request.plugins[0]][1].specs
    _bring(host, [spec for specs in specs_by_kind.values() for spec in specs], request.neighbours, write)
    for kind, specs in specs_by_kind.items():
        for spec in specs:
            wanted = request.only in (None, spec.name) and (kind, spec.name) not in request.skip
            if wanted and host.specs(kind).get(spec.name) == spec:  # else it gives way to a built-in
                write({"trying": (kind, spec.name)})
                write({"tried": (kind, spec.name), **_tried(host, kind, spec, quick=request.trial == "quick")})


def _bring(host: PluginHost, specs: Sequence[Spec], neighbours: Sequence[Key], write: Write) -> None:
    """Add the neighbours that have the architectures which the specs go with, and which are not here yet."""
    for key in neighbours:
        missing = _missing(host, specs)
        if not missing:
            return
        write({"importing": key})
        candidate = _find(key)
        collected = collect(candidate) if candidate else None
        write({"brought": key})
        brought = {spec.name for spec in collected.specs.get("architecture", ())} if collected else set()
        if candidate and collected and collected.error is None and brought & {*missing}:
            host.add(candidate.load(), candidate.distribution)


def _missing(host: PluginHost, specs: Sequence[Spec]) -> list[str]:
    """The architectures that specs go with and that no plugin of the host has."""
    names = [name for spec in specs if isinstance(spec, Component) for name in spec.goes_with]
    return [name for name in dict.fromkeys(names) if name not in host.specs("architecture")]


def _or_nearest(host: PluginHost, name: str) -> str:
    near = nearest(name, host.specs("architecture"))
    return "" if near is None else f" (did you mean {near!r}?)"


def _imported(candidate: Candidate) -> tuple[CollectedSpecs, dict[str, Any]]:
    modules, threads, began = set(sys.modules), set(threading.enumerate()), time.perf_counter()
    collected = collect(candidate)
    milliseconds = (time.perf_counter() - began) * 1000
    return collected, {
        "import_ms": round(milliseconds, 1),
        "heavy": [name for name in HEAVY if name in sys.modules and name not in modules],
        "error": collected.error,
        "lingers": lingering(threads),
        "declared": []
        if collected.error
        else [(kind, s.name) for kind, specs in collected.specs.items() for s in specs],
    }


def _tried(host: PluginHost, kind: str, spec: Spec, *, quick: bool) -> dict[str, Any]:
    from gantool.testing import check_component
    from gantool.testing.faults import waived_by

    began, faults = time.perf_counter(), list[str]()
    needs = [name for name, info in spec.options.model_fields.items() if info.is_required()]
    needs += [f"architecture {name}{_or_nearest(host, name)}" for name in _missing(host, [spec])]
    if not needs:
        with using(host):
            faults = [fault.named for fault in check_component(kind, spec, quick=quick)]
    seconds = round(time.perf_counter() - began, 1)
    return {"faults": faults, "seconds": seconds, "needs": needs, "waived": dict(waived_by(spec))}


def lingering(before: Set[threading.Thread]) -> str | None:
    """A phrase on a thread that did not run `before`, for which Python would wait at its end; None without one.

    Daemons are not waited for, a pool's idle workers end with the program, and others get a moment to end.
    """
    new = [thread for thread in threading.enumerate() if thread not in before]
    until = time.monotonic() + THREAD_SECONDS
    for thread in (each for each in new if not each.daemon and not _is_of_a_pool(each)):
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            return f"started a thread that does not end ({thread.name!r} still ran {THREAD_SECONDS:g} seconds later)"
    return None


def _is_of_a_pool(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    return getattr(target, "__module__", None) == "concurrent.futures.thread"


def _find(key: Key) -> Candidate | None:
    name, _, origin = key
    if origin == "built-in":
        return built_in(name)
    found = installed() if origin == "installed" else in_folder(Path(origin).parent)
    return next((candidate for candidate in found if candidate.key == key), None)


if __name__ == "__main__":
    serve(sys.argv[1:], lambda request, write: examine(Request.read(request), write))
