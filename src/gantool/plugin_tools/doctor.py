"""The check of plugins: child processes import them and try their components, and may hang or crash at it."""

import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gantool.api.kinds import KINDS
from gantool.errors import UnknownNameError, UsageError, sentence
from gantool.homes import at_home
from gantool.plugin_tools import examination
from gantool.plugin_tools.child_process import Line, run
from gantool.plugin_tools.examination import Request
from gantool.plugins.host import BUILT_INS, PluginHost
from gantool.plugins.loading import Candidate, Key, built_in, in_folder, installed
from gantool.plugins.status import Plugin, blocked, plugin_meant

HEAVY_CHECK = "declaring_imports_nothing_heavy"
"""The property of the conformance kit that says of each component what is told of its plugin."""
IMPORT_SECONDS = 60.0
"""The limit for the import of one plugin, which should take a few milliseconds."""


@dataclass
class ComponentReport:
    """A component that was tried, with its faults as sentences; none when it is sound."""

    kind: str
    name: str
    faults: list[str]
    seconds: float | None = None
    needs: list[str] = field(default_factory=list)
    """Options without a default, and architectures that no plugin here brings: nothing was tried."""
    waived: dict[str, str] = field(default_factory=dict)
    """The checks that its spec waives, each with its reason."""


@dataclass
class PluginReport:
    """A plugin: how long its import took, the heavy modules it imported, its own faults, and its components'."""

    name: str
    distribution: str
    version: str
    origin: str
    import_ms: float | None = None
    heavy: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """What would be faults of a plugin that others install."""
    components: list[ComponentReport] = field(default_factory=list)
    declared: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if neither the plugin nor one of its components has a fault."""
        return not self.faults and not any(tried.faults for tried in self.components)

    @property
    def title(self) -> str:
        """Distribution and version."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True)
class Target:
    """A plugin to examine, and the one component of it to test; None for all."""

    candidate: Candidate
    only: str | None = None


def candidates(folders: Sequence[Path]) -> list[Candidate]:
    """Every plugin that is installed, or lies in these folders or those of GANTOOL_PLUGINS_DIR; none is imported.

    Raises UsageError when one of `folders` is none.
    """
    given = [Path(folder) for folder in os.environ.get("GANTOOL_PLUGINS_DIR", "").split(os.pathsep) if folder]
    found = list(installed())
    for folder in dict.fromkeys(at_home(path).resolve() for path in [*folders, *given]):
        if folder.is_dir():
            found += in_folder(folder)
        elif folder in [at_home(path).resolve() for path in folders]:
            raise UsageError(f"There is no plugin folder {folder}.")
    return found


def wanted(found: Sequence[Candidate]) -> list[Candidate]:
    """The plugins that the environment does not block."""
    return [candidate for candidate in found if blocked(Plugin.of(candidate), os.environ) is None]


def targets(name: str, found: Sequence[Candidate]) -> list[Target]:
    """The plugins of this name or distribution, built-in ones too, or those with a component of this name.

    Where none is called so, each is imported in another process, to see what it brings. Raises UnknownNameError when
    there is none.
    """
    ours = PluginHost(third_party=False, environ={}).plugins
    rooms = [
        plugin.name
        for plugin in ours
        if name in (plugin.name, plugin.distribution) or any(name in names for names in plugin.provides.values())
    ]
    is_whole = name in (*BUILT_INS, "gantool")
    meant = [Target(candidate) for candidate in found if Plugin.of(candidate).is_called(name)]
    meant += [Target(built_in(room), None if is_whole else name) for room in rooms]
    if meant:
        return meant
    brought, broken = _brought(wanted(found))
    meant = [Target(candidate, name) for candidate, names in brought if name in names]
    if not meant:
        known = [each for candidate in found for each in (candidate.name, candidate.distribution)]
        known += [each for plugin in ours for names in plugin.provides.values() for each in names]
        known += [each for _, names in brought for each in names]
        unread = f" What {' and '.join(broken)} would bring is unknown: nothing of a broken plugin is read."
        near = plugin_meant(name, known) + (unread if broken else "")
        if Path(name).is_dir():
            near = (
                f" {name} is a folder: install it by gantool plugins install --editable {shlex.quote(name)}, and check "
                "the plugin by its name."
            )
        raise UnknownNameError(f"There is no plugin, distribution or component {name!r}.{near}")
    return meant


def _brought(found: Sequence[Candidate]) -> tuple[list[tuple[Candidate, set[str]]], list[str]]:
    """The components that each plugin brings, by their names, and the names of the plugins that are broken."""
    brought, broken = list[tuple[Candidate, set[str]]](), list[str]()
    for candidate in found:
        request = Request((candidate.key,))
        lines, ending = run(examination.__name__, request.text(), lambda line: IMPORT_SECONDS)
        imported = next((line for line in lines if "imported" in line), None)
        if imported is None or ending is not None or imported["error"]:
            broken.append(candidate.name)
        else:
            brought.append((candidate, {name for _, name in imported["declared"]}))
    return brought, broken


def examine(each: Target, *, quick: bool, seconds: float) -> PluginReport:
    """Import a plugin and try its components; what takes longer than `seconds` is stopped and counts as a fault.

    Where another plugin of its distribution ends the process, the plugin is examined again without that one.
    """
    candidate = each.candidate
    seen = PluginReport(candidate.name, candidate.distribution, candidate.version, candidate.origin)
    plugins = (candidate.key, *(sibling.key for sibling in _siblings(candidate)))
    neighbours = tuple(other.key for other in _neighbours(candidate) if other.key not in plugins)
    request = Request(plugins, "quick" if quick else "full", each.only, neighbours=neighbours)
    while True:
        lines, ending = run(examination.__name__, request.text(), lambda line: _limit(line, seconds))
        for line in lines:
            _enter(line, seen, candidate.key)
        if ending is None:
            return seen
        last = lines[-1] if lines else {}
        sibling = _key(last["importing"]) if "importing" in last else candidate.key
        if "trying" in last:
            kind, name = last["trying"]
            seen.components.append(ComponentReport(kind, name, [f"trying it {ending}."]))
            request = replace(request, skip=tuple((tried.kind, tried.name) for tried in seen.components))
        elif sibling != candidate.key:  # it has a report of its own
            plugins, neighbours = (
                tuple(key for key in keys if key != sibling) for keys in (request.plugins, request.neighbours)
            )
            request = replace(request, plugins=plugins, neighbours=neighbours)
        else:
            seen.faults.append(f"importing it {ending}.")
            return seen


def clashes(reports: Sequence[PluginReport]) -> None:
    """Add a fault to each plugin for its names that belong to gantool or to a plugin before it."""
    owners = {
        (kind, name): f"gantool {plugin.version}"
        for plugin in PluginHost(third_party=False, environ={}).plugins
        for kind, provided in plugin.provides.items()
        for name in provided
    }
    for report in reports:
        if report.origin == "built-in":
            continue
        for kind, name in report.declared:
            owner = owners.setdefault((KINDS[kind].plural, name), report.title)
            if owner != report.title:
                report.faults.append(
                    f"its {kind} {name!r} is ignored, because {owner} already provides one: rename it."
                )


def _key(given: Sequence[str]) -> Key:
    name, distribution, origin = given
    return name, distribution, origin


def _limit(line: Line, seconds: float) -> float:
    return seconds if "trying" in line else min(seconds, IMPORT_SECONDS)


def _siblings(candidate: Candidate) -> list[Candidate]:
    """The other plugins of its distribution that are not blocked; GANTOOL_PLUGINS need not name them."""
    others = _unblocked(installed()) if candidate.origin == "installed" else []
    return [other for other in others if other.distribution == candidate.distribution and other.name != candidate.name]


def _neighbours(candidate: Candidate) -> list[Candidate]:
    """The unblocked plugins of its folder and those installed: one may bring an architecture that it goes with."""
    if candidate.origin == "built-in":
        return []
    near = [] if candidate.origin == "installed" else in_folder(Path(candidate.origin).parent)
    return [other for other in _unblocked([*near, *installed()]) if other.key != candidate.key]


def _unblocked(found: Iterable[Candidate]) -> list[Candidate]:
    environ = {"GANTOOL_BLOCK_PLUGINS": os.environ.get("GANTOOL_BLOCK_PLUGINS", "")}
    return [candidate for candidate in found if blocked(Plugin.of(candidate), environ) is None]


def _enter(line: Line, seen: PluginReport, own: Key) -> None:
    """Note what a line of the child says of the plugin itself."""
    if "tried" in line:
        kind, name = line["tried"]
        # What importing the plugin takes is told once, of the plugin.
        faults = [fault for fault in line["faults"] if not (seen.heavy and fault.endswith(f"[{HEAVY_CHECK}]"))]
        seen.components.append(ComponentReport(kind, name, faults, line["seconds"], line["needs"], line["waived"]))
    elif "imported" in line and _key(line["imported"]) == own:
        seen.declared = [(kind, name) for kind, name in line["declared"]]
        seen.import_ms, seen.heavy = line["import_ms"], line["heavy"]
        seen.faults = [sentence(line["error"])] if line["error"] else []
        if line["lingers"]:
            seen.faults.append(f"importing it {line['lingers']}, and gantool would wait for it at its end.")
        if seen.heavy and seen.origin in ("installed", "built-in"):
            seen.faults.append(f"{_waits(seen)}: import it where it is used, in the module of the factory.")
        elif seen.heavy:
            seen.warnings.append(
                f"{_waits(seen)} where this folder is given. For others, make it a package whose __init__.py declares "
                "it and imports nothing heavy, with the factory in a module beside it (docs/plugins.md)."
            )


def _waits(seen: PluginReport) -> str:
    return f"declaring what it offers imports {', '.join(seen.heavy)}, and every gantool command waits for that"
