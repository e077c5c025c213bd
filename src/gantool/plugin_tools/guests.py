"""The installed plugins by their metadata alone, and in a fresh process what became of loading them."""

import importlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from gantool.plugins.loading import GROUP, canonical, normal

SECONDS = 120
"""For a fresh process to load every plugin."""


@dataclass(frozen=True)
class Guest:
    """A distribution with plugins; `source` is the URL it came from, None for an index."""

    distribution: str
    version: str
    plugins: tuple[str, ...]
    source: str | None = None
    editable: bool = False
    stamp: object = None

    def is_called(self, name: str) -> bool:
        """Whether a user may mean it: by the distribution, `gantool-` or not, or one of its plugins."""
        return normal(name) in {normal(self.distribution), *map(normal, self.plugins)}


def installed_guests() -> list[Guest]:
    """Every distribution that names a plugin, as it is now on disk; nothing is imported, and damaged ones pass."""
    importlib.invalidate_caches()
    found: dict[str, Guest] = {}
    for distribution in metadata.distributions():
        try:
            plugins = tuple(point.name for point in distribution.entry_points if point.group == GROUP)
            name = distribution.metadata["Name"]
            if plugins and name:
                found.setdefault(canonical(name), _guest(distribution, name, plugins))
        except Exception:  # somebody's broken metadata must not stand in the way of removing a plugin
            continue
    return list(found.values())


def is_installed(distribution: str) -> bool:
    """Whether any distribution of this name is there, plugin or not."""
    importlib.invalidate_caches()
    try:
        metadata.distribution(distribution)
    except (metadata.PackageNotFoundError, ValueError):
        return False
    return True


def loaded_afresh() -> tuple[list[dict[str, Any]], str]:
    """What `gantool plugins list --json` says in a new process, and why it says nothing where it does not."""
    command = (sys.executable, "-P", "-m", "gantool", "plugins", "list", "--json")
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS)
        if done.returncode != 0:
            return [], f"loading the plugins ended the program (exit code {done.returncode})"
        return json.loads(done.stdout), ""
    except subprocess.TimeoutExpired:
        return [], f"loading the plugins took longer than {SECONDS} seconds"
    except ValueError:
        return [], "loading the plugins ended the program"


def _guest(distribution: metadata.Distribution, name: str, plugins: tuple[str, ...]) -> Guest:
    came = json.loads(distribution.read_text("direct_url.json") or "{}")
    editable = bool(came.get("dir_info", {}).get("editable"))
    return Guest(name, distribution.version, plugins, _source(came), editable, _stamp(distribution))


def _source(came: Mapping[str, Any]) -> str | None:
    """The URL as an installer takes it (PEP 610)."""
    url = came.get("url")
    version = came.get("vcs_info")
    if not url or not version:
        return url
    revision = version.get("requested_revision")
    within = came.get("subdirectory")
    return (
        f"{version['vcs']}+{url}" + (f"@{revision}" if revision else "") + (f"#subdirectory={within}" if within else "")
    )


def _stamp(distribution: metadata.Distribution) -> object:
    """Differs after each installation."""
    place = getattr(distribution, "_path", None)
    try:
        return place.stat().st_mtime_ns if place is not None else None
    except (AttributeError, OSError):
        return None
