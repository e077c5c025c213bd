"""`gantool plugins check`: each plugin in a process of its own, which may hang or crash and takes nothing with it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gantool.api.kinds import KINDS
from gantool.errors import UnknownNameError, UsageError, did_you_mean, sentence
from gantool.plugin_tools import examiner
from gantool.plugin_tools.examiner import Request
from gantool.plugin_tools.isolated import run
from gantool.plugins.host import BUILT_INS, PluginHost
from gantool.plugins.loading import Candidate, built_in, in_folder, installed
from gantool.plugins.status import Plugin, blocked

IMPORT_SECONDS = 60.0
"""For a plugin to be imported, which should take a few milliseconds."""


@dataclass
class Tried:
    """A component that was tried, with its faults as sentences; none when it is sound."""

    kind: str
    name: str
    faults: list[str]
    seconds: float | None = None
    needs: list[str] = field(default_factory=list)
    """Options without a default: nothing was tried."""


@dataclass
class Examined:
    """A plugin: how long its import took, what heavy it imported, its own faults, and its components'."""

    name: str
    distribution: str
    version: str
    origin: str
    import_ms: float | None = None
    heavy: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    components: list[Tried] = field(default_factory=list)
    declared: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults and not any(tried.faults for tried in self.components)

    @property
    def title(self) -> str:
        """Distribution and version."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True)
class Asked:
    """A plugin to examine, and the one component of it that was asked for, if any."""

    candidate: Candidate
    only: str | None = None


def guests(folders: Sequence[Path]) -> list[Candidate]:
    """Every plugin that is installed, or lies in these folders or those of GANTOOL_PLUGINS_DIR; none is imported.

    Raises UsageError when one of `folders` is none.
    """
    given = [Path(folder) for folder in os.environ.get("GANTOOL_PLUGINS_DIR", "").split(os.pathsep) if folder]
    found = list(installed())
    for folder in dict.fromkeys(path.expanduser().resolve() for path in [*folders, *given]):
        if folder.is_dir():
            found += in_folder(folder)
        elif folder in [path.expanduser().resolve() for path in folders]:
            raise UsageError(f"There is no plugin folder {folder}.")
    return found


def wanted(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that the environment does not block."""
    return [candidate for candidate in candidates if blocked(Plugin.of(candidate), os.environ) is None]


def asked(names: Sequence[str], candidates: Sequence[Candidate]) -> Iterator[Asked]:
    """What the names mean, built-ins and their components included; without names, all guests that are not blocked.

    A name that no guest and no built-in has may be that of a guest's component, which only the guest can tell: then all
    of them are asked.
    """
    if not names:
        yield from map(Asked, wanted(candidates))
        return
    ours = PluginHost(guests=False, environ={})
    for name in names:
        own = [candidate for candidate in candidates if Plugin.of(candidate).is_called(name)]
        rooms = [
            plugin.name
            for plugin in ours.plugins
            if name in (plugin.name, plugin.distribution)
            or any(name in provided for provided in plugin.provides.values())
        ]
        whole = name in (*BUILT_INS, "gantool")
        yield from map(Asked, own)
        yield from (Asked(built_in(room), None if whole else name) for room in rooms)
        if not own and not rooms:
            yield from (Asked(candidate, name) for candidate in candidates)


def examined(each: Asked, *, quick: bool, seconds: float) -> Examined:
    """What comes of examining a plugin; whatever takes longer than `seconds` is stopped and counts as a fault.

    What another plugin of its distribution does to the process is not: it is examined again without that.
    """
    candidate = each.candidate
    seen = Examined(candidate.name, candidate.distribution, candidate.version, candidate.origin)
    request = Request(candidate.name, candidate.distribution, candidate.origin, each.only, quick=quick)
    while True:
        lines, ending = run(examiner.__name__, request.text(), seconds, IMPORT_SECONDS)
        begun = _take(seen, lines)
        if ending is None:
            return seen
        if "sibling" in (lines or [{}])[-1]:  # whose own report tells it
            request = replace(request, without=(*request.without, lines[-1]["sibling"]))
            continue
        if begun is None:  # it did not come as far as a component
            seen.faults.append(f"importing it {ending}.")
            return seen
        seen.components.append(Tried(*begun, [f"trying it {ending}."]))
        request = replace(request, skip=tuple((tried.kind, tried.name) for tried in seen.components))


def clashes(reports: Sequence[Examined]) -> None:
    """Note with each guest which of its names belong to gantool or to a guest before it."""
    ours = PluginHost(guests=False, environ={})
    owners = {
        (kind, name): f"gantool {plugin.version}"
        for plugin in ours.plugins
        for kind, provided in plugin.provides.items()
        for name in provided
    }
    for report in reports:
        if report.origin == "built-in":
            continue
        for kind, name in report.declared:
            owner = owners.setdefault((KINDS[kind].plural, name), report.title)
            if owner != report.title:
                report.faults.append(f"its {kind} {name!r} gives way to that of {owner}: rename it.")


def unknown(name: str, reports: Sequence[Examined]) -> UnknownNameError:
    """There is no plugin or component of this name."""
    known = [part for report in reports for part in (report.name, *(each for _, each in report.declared))]
    ours = PluginHost(guests=False, environ={})
    known += [each for plugin in ours.plugins for provided in plugin.provides.values() for each in provided]
    near = did_you_mean(name, known) or " 'gantool plugins list' shows what there is."
    return UnknownNameError(f"There is no plugin, distribution or component {name!r}.{near}")


def _take(seen: Examined, lines: Sequence[dict[str, Any]]) -> tuple[str, str] | None:
    """Enter what a process wrote; the component that it began and did not end."""
    begun: tuple[str, str] | None = None
    for line in lines:
        if "import_ms" in line:
            seen.declared = [(kind, name) for kind, name in line["declared"]]
            seen.faults = [sentence(line["error"])] if line["error"] else []
            if line["lingers"]:
                seen.faults.append(f"importing it {line['lingers']}, and gantool would wait for it at its end.")
            seen.import_ms, seen.heavy = line["import_ms"], line["heavy"]
            if seen.heavy:
                seen.faults.append(
                    f"declaring what it offers imports {', '.join(seen.heavy)}, and every gantool command waits for "
                    "that: import it where it is used, in the module of the factory."
                )
        elif "begin" in line:
            begun = (line["begin"][0], line["begin"][1])
        elif "end" in line:
            begun = None
            kind, name = line["end"]
            seen.components.append(Tried(kind, name, line["faults"], line["seconds"], line["needs"]))
    return begun
