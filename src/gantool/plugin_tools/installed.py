"""The installed plugins by their metadata alone: nothing is imported, so a broken plugin can be removed."""

import importlib
import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gantool.errors import PluginError, UnknownNameError, UsageError
from gantool.plugin_tools.requirements import PluginRequirement, from_source
from gantool.plugins.host import PluginHost
from gantool.plugins.loading import GROUP, canonical, normal
from gantool.plugins.status import plugin_meant


@dataclass(frozen=True)
class InstalledPlugin:
    """A distribution with plugins; `source` is the URL it came from, None for an index.

    `stamp` differs after each installation.
    """

    distribution: str
    version: str
    plugins: tuple[str, ...]
    source: str | None = None
    editable: bool = False
    stamp: int | None = None

    def is_called(self, name: str) -> bool:
        """True if a name means it: that of the distribution, with or without `gantool-`, or of one of its plugins."""
        return normal(name) in {normal(self.distribution), *map(normal, self.plugins)}

    @property
    def requirement(self) -> PluginRequirement:
        """The requirement that installs it again from where it came. Raises PluginError when that is gone."""
        return from_source(self.distribution, self.source, self.editable)


def installed_plugins() -> list[InstalledPlugin]:
    """Every distribution that names a plugin, as it is now on disk; damaged metadata is passed over."""
    importlib.invalidate_caches()
    found: dict[str, InstalledPlugin] = {}
    for distribution in metadata.distributions():
        try:
            plugins = tuple(point.name for point in distribution.entry_points if point.group == GROUP)
            name = distribution.metadata["Name"]
            if plugins and name:
                found.setdefault(canonical(name), _read(distribution, name, plugins))
        except Exception:  # broken metadata of another distribution must not prevent the removal of a plugin
            continue
    return list(found.values())


def find_installed(name: str) -> InstalledPlugin:
    """The installed plugin of this name. Raises UsageError for a name of no plugin, or of a part of gantool."""
    every = installed_plugins()
    named = [one for one in every if one.is_called(name)]
    exact = [one for one in named if canonical(one.distribution) == canonical(name)]
    exact = exact or [one for one in named if normal(one.distribution) == normal(name)]
    if exact or len(named) == 1:
        return (exact or named)[0]
    if named:
        owners = " and ".join(one.distribution for one in named)
        raise UsageError(f"{name!r} may be {owners}: give the name of the distribution.")
    if _is_built_in(name):
        raise UsageError(f"{name} is part of gantool itself and cannot be removed or upgraded by itself.")
    near = plugin_meant(name, [each for one in every for each in (one.distribution, *one.plugins)])
    if is_installed(name):
        raise UsageError(f"{name} is installed, but it is no plugin of gantool; use pip for it.{near}")
    there = f" Installed plugins: {', '.join(one.distribution for one in every)}." if every else ""
    raise UnknownNameError(f"No plugin {name!r} is installed.{near}{there}")


def is_installed(distribution: str) -> bool:
    """True if a distribution of this name is installed, plugin or not."""
    importlib.invalidate_caches()
    try:
        metadata.distribution(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        return False
    return True


def gantool_itself() -> PluginRequirement:
    """The requirement that installs gantool again from where it came; by its name where that is gone."""
    try:
        return from_source("gantool", *_origin(metadata.distribution("gantool")))
    except (PluginError, metadata.PackageNotFoundError):
        return PluginRequirement("gantool", "gantool")


def _is_built_in(name: str) -> bool:
    ours = PluginHost(third_party=False, environ={}).plugins
    components = {each for room in ours for names in room.provides.values() for each in names}
    return canonical(name) == "gantool" or name.startswith("gantool.") or name in components


def _read(distribution: metadata.Distribution, name: str, plugins: tuple[str, ...]) -> InstalledPlugin:
    place = getattr(distribution, "_path", None)
    stamp = place.stat().st_mtime_ns if isinstance(place, Path) else None
    return InstalledPlugin(name, distribution.version, plugins, *_origin(distribution), stamp)


def _origin(distribution: metadata.Distribution) -> tuple[str | None, bool]:
    """The URL of a distribution as an installer takes it (PEP 610), and true if it is editable."""
    came = json.loads(distribution.read_text("direct_url.json") or "{}")
    url, version = came.get("url"), came.get("vcs_info")
    if url and version:
        revision, within = version.get("requested_revision"), came.get("subdirectory")
        behind = (f"@{revision}" if revision else "") + (f"#subdirectory={within}" if within else "")
        url = f"{version['vcs']}+{url}{behind}"
    return url, bool(came.get("dir_info", {}).get("editable"))
