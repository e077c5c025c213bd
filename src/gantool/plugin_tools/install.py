"""Install, upgrade and uninstall plugins by pip or uv, and see in a fresh process whether they load."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.utils import canonicalize_name

from gantool.errors import PluginError, sentence
from gantool.plugin_tools import environment
from gantool.plugin_tools.environment import Command, installed_pins
from gantool.plugin_tools.installed import InstalledPlugin, gantool_itself, installed_plugins
from gantool.plugin_tools.requirements import PluginRequirement

_NOISE = "Requirement already satisfied"
"""The beginning of pip's lines on packages that are there already; torch alone makes fifty of them."""

_log = logging.getLogger(__name__)


def install_command(wanted: Sequence[PluginRequirement], *, upgrade: bool = False) -> Command:
    """The command that `install` runs. Raises PluginError, with the command to run instead, where it must not."""
    kept = [one for one in installed_plugins() if not any(_became(each, one) for each in wanted)]
    upgraded = [each.distribution for each in wanted if upgrade and each.distribution]
    return _changeable_environment(kept, wanted, upgraded).install_command(wanted, upgrade=upgrade)


def uninstall_command(plugins: Sequence[InstalledPlugin]) -> Command:
    """The command that `uninstall` runs. Raises PluginError as `install_command`."""
    kept = [one for one in installed_plugins() if one not in plugins]
    return _changeable_environment(kept).uninstall_command([one.distribution for one in plugins])


def install(wanted: Sequence[PluginRequirement], *, upgrade: bool = False) -> tuple[list[InstalledPlugin], list[str]]:
    """Install the plugins; returns the installed ones, and a sentence for each requirement that is no plugin.

    Raises PluginError when the installer fails.
    """
    command, before = install_command(wanted, upgrade=upgrade), installed_plugins()
    if code := _run(command):
        held = ", ".join(f"{name} {version}" for name, version in installed_pins().items())
        raise PluginError(
            f"Not {'upgraded' if upgrade else 'installed'}: the installer ended with exit code {code}, see its output "
            f"above. gantool holds {held}: where a plugin asks for other versions, install those yourself first, then "
            "the plugin again."
        )
    after = installed_plugins()
    new = [one for one in after if one not in before]
    arrived = [one for one in after if one in new or any(_became(each, one) for each in wanted)]
    none = [each for each in wanted if not any(_became(each, one) for one in after)]
    # A URL may be recorded in another form than it was given: then the new distribution is taken for it.
    return arrived, [_no_plugin(each) for each in none if each.distribution or not new]


def uninstall(plugins: Sequence[InstalledPlugin]) -> None:
    """Remove the plugins. Raises PluginError when one is still there afterwards."""
    code = _run(uninstall_command(plugins))
    names = {one.distribution for one in plugins}
    left = [one.distribution for one in installed_plugins() if one.distribution in names]
    if code or left:
        why = f"ended with exit code {code}" if code else "left them where they are"
        raise PluginError(f"{', '.join(left) or 'Plugins'} not removed: the installer {why}, see its output above.")


def loaded(plugins: Sequence[InstalledPlugin]) -> tuple[list[dict[str, Any]], list[str]]:
    """The plugins as `gantool plugins list --json` has them in a fresh process, and sentences on what does not load.

    A plugin that loads and is not used, or used in part, is a warning.
    """
    names = {one.distribution for one in plugins}
    try:
        listed = _listed_afresh()
    except PluginError as error:
        return [], [f"{', '.join(sorted(names))}: installed, but {error}"]
    rows = [facts for facts in listed if facts["distribution"] in names]
    for facts in rows:
        if facts["status"] in ("clash", "blocked"):
            used = "used in part" if facts["status"] == "clash" else "not used"
            _log.warning(f"{facts['distribution']} is installed and {used}: {facts['error']}.")
    lost = names - {facts["distribution"] for facts in rows}
    faults = [f"{name} is installed, but a new process does not find it." for name in sorted(lost)]
    return rows, [*faults, *(_broken(facts) for facts in rows if facts["status"] == "broken")]


def _changeable_environment(
    kept: Sequence[InstalledPlugin], wanted: Sequence[PluginRequirement] = (), upgraded: Sequence[str] = ()
) -> environment.Environment:
    """The environment, if pip or uv may change it; else PluginError with a command for the kept and wanted plugins."""
    here = environment.this_environment()
    if here.owner in ("uv tool", "uvx", "system"):
        here.check_changeable(gantool_itself(), [*_requirements(kept), *wanted], upgraded)
    return here


def _requirements(plugins: Sequence[InstalledPlugin]) -> Iterator[PluginRequirement]:
    for one in plugins:
        try:
            yield one.requirement
        except PluginError as error:
            _log.warning(f"The command leaves out a plugin: {error}")


def _run(command: Command) -> int:
    """Run an installer to its end, with its output on standard error; returns its exit code."""
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise PluginError(f"{command[0]} could not be started: {error.strerror or error}.") from error
    with process:
        for line in process.stdout or ():
            if not line.startswith(_NOISE):
                sys.stderr.write(line)
                sys.stderr.flush()
    return process.returncode


def _became(wanted: PluginRequirement, plugin: InstalledPlugin) -> bool:
    if wanted.distribution:
        return canonicalize_name(wanted.distribution) == canonicalize_name(plugin.distribution)
    return wanted.source is not None and wanted.source == (plugin.source or "").partition("#")[0]


def _no_plugin(wanted: PluginRequirement) -> str:
    return f"{wanted.text} is installed, but it is no plugin: it has no entry point in the group 'gantool'."


def _listed_afresh() -> list[dict[str, Any]]:
    command = (sys.executable, "-P", "-X", "utf8", "-m", "gantool", "plugins", "list", "--json")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode != 0 or not done.stdout:
        raise PluginError(
            f"a new process ended when it loaded the plugins (exit code {done.returncode}). 'gantool plugins check' "
            "names the plugin, 'gantool plugins uninstall NAME' removes it."
        )
    listed: list[dict[str, Any]] = json.loads(done.stdout)
    return listed


def _broken(facts: Mapping[str, Any]) -> str:
    name = facts["distribution"]
    why = sentence(f"{name} is installed, but broken: {facts['error']}")
    return f"{why} 'gantool plugins uninstall {name}' removes it."
