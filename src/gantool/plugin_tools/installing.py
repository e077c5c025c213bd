"""Install, upgrade, restore and uninstall plugins, and see in a fresh process whether they load."""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from gantool.errors import GantoolError, PluginError, UnknownNameError, UsageError, did_you_mean, sentence
from gantool.plugin_tools import environment as environments
from gantool.plugin_tools import running
from gantool.plugin_tools.environment import Environment
from gantool.plugin_tools.guests import Guest, installed_guests, is_installed, loaded_afresh
from gantool.plugin_tools.installers import install_command, uninstall_command
from gantool.plugin_tools.memory import Remembered, forget, recall, remember, remembered
from gantool.plugin_tools.pins import conflict, constraints_file, installed_pins, needs
from gantool.plugin_tools.requirements import Requirement, read_requirement
from gantool.plugin_tools.running import Command, Runner
from gantool.plugin_tools.uv_tool import advice
from gantool.plugins.host import PluginHost
from gantool.plugins.loading import canonical, normal

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Manager:
    """Changes the plugins of one environment by running one command for each."""

    environment: Environment = field(default_factory=lambda: environments.this_environment())
    run: Runner = field(default_factory=lambda: running.run)

    def install_command(self, requirement: Requirement, *, upgrade: bool = False) -> Command:
        """What `install` runs. Raises PluginError, with the command to run instead, where it must not."""
        there = requirement.distribution is not None and is_installed(requirement.distribution)
        return install_command(self.environment, requirement, self._constraints(), upgrade=upgrade, there=there)

    def check_together(
        self, add: Sequence[Requirement] = (), *, upgrade: bool = False, remove: Sequence[Guest] = ()
    ) -> None:
        """Raise PluginError with one command for all of them, where one for each would undo those before."""
        if self.environment.kind == "uv-tool" and (add or remove):
            names = [guest.distribution for guest in remove]
            constraints = self._constraints() if add else None
            raise advice(self.environment, add=add, remove=names, upgrade=upgrade, constraints=constraints)

    def _constraints(self) -> Path:
        pins = installed_pins()
        if self.environment.kind == "uv-tool":  # uv remembers them, and gantool is to be upgraded some day
            return constraints_file({name: version for name, version in pins.items() if name != "gantool"})
        return constraints_file(pins, needs())

    def install(self, requirement: Requirement, *, upgrade: bool = False) -> Guest:
        """Install it, remember it, and return what came. Raises PluginError when that fails or it is no plugin."""
        command = self.install_command(requirement, upgrade=upgrade)
        before = installed_guests()
        outcome = self.run(command)
        if outcome.code != 0:
            raise PluginError(
                f"{requirement.title} was not {'upgraded' if upgrade else 'installed'}: the installer ended with exit "
                f"code {outcome.code}, its words are above."
                f"{conflict(outcome.words, installed_pins(), needs(), self.environment.pip)}"
            )
        guest = _arrived(requirement, before, installed_guests())
        if guest is None:
            raise PluginError(self._no_plugin(requirement))
        if guest not in before or recall(guest.distribution) is None:  # else the installer left it as it was
            _noted(lambda: remember(Remembered(guest.distribution, requirement.text, requirement.editable)))
        return guest

    def uninstall_command(self, guest: Guest) -> Command:
        """What `uninstall` runs. Raises PluginError as `install_command`."""
        return uninstall_command(self.environment, guest.distribution)

    def uninstall(self, guest: Guest) -> None:
        """Remove it and forget it. Raises PluginError when it is still there afterwards."""
        outcome = self.run(self.uninstall_command(guest))
        left = [other for other in installed_guests() if other.distribution == guest.distribution]
        if outcome.code != 0 or left:
            why = f"ended with exit code {outcome.code}" if outcome.code else "left it where it is"
            raise PluginError(f"{guest.distribution} was not removed: the installer {why}, its words are above.")
        _noted(lambda: forget(guest.distribution))

    def _no_plugin(self, requirement: Requirement) -> str:
        name = requirement.distribution
        if name is None or not is_installed(name):
            return f"After installing {requirement.title} there is no new plugin: it has no entry point 'gantool'."
        return (
            f"{name} is installed, but it is no plugin: it has no entry point in the group 'gantool'. "
            f"To remove it: {uninstall_command(self.environment, name)}"
        )


def find_guest(name: str) -> Guest:
    """The installed plugin that a user means. Raises UsageError for what is none, or is part of gantool."""
    guests = installed_guests()
    named = [guest for guest in guests if guest.is_called(name)]
    exact = [guest for guest in named if canonical(guest.distribution) == canonical(name)]
    exact = exact or [guest for guest in named if normal(guest.distribution) == normal(name)]
    if exact or len(named) == 1:
        return (exact or named)[0]
    if named:
        owners = " and ".join(guest.distribution for guest in named)
        raise UsageError(f"{name!r} may be {owners}: give the name of the distribution.")
    if name.lower() == "gantool" or name.startswith("gantool."):
        raise UsageError(f"{name} is part of gantool itself and no plugin to be changed by this command.")
    if room := _room_with(name):
        raise UsageError(f"{name} is built into gantool ({room}) and cannot be removed or upgraded by itself.")
    known = [each for guest in guests for each in (guest.distribution, *guest.plugins)]
    if is_installed(name):
        raise UsageError(
            f"{name} is installed, but it is no plugin of gantool; use pip for it.{did_you_mean(name, known)}"
        )
    there = f" Installed plugins: {', '.join(guest.distribution for guest in guests)}." if guests else ""
    raise UnknownNameError(f"No plugin {name!r} is installed.{did_you_mean(name, known)}{there}")


def _room_with(component: str) -> str | None:
    """The room of gantool's own that has a component of this name."""
    rooms = PluginHost(guests=False, environ={}).plugins
    return next((room.name for room in rooms if any(component in names for names in room.provides.values())), None)


def latest(guest: Guest) -> Requirement:
    """What to install to have a guest's newest version: what it was installed by, else where it came from.

    Raises PluginError when that is gone.
    """
    known = recall(guest.distribution)
    if known is not None and _agrees(known, guest):
        requirement = again(known)
        bound = re.fullmatch(rf"{re.escape(guest.distribution)}(\[.*\])?[<>=!~].*", requirement.text)
        note = f"{guest.distribution} was installed as {requirement.text}, and stays within that." if bound else ""
        return replace(requirement, note=note)
    if guest.source is None:
        return Requirement(guest.distribution, guest.distribution)
    parts = urlsplit(guest.source)
    text = url2pathname(parts.path) if parts.scheme == "file" else guest.source
    return again(Remembered(guest.distribution, text, guest.editable))


def _agrees(known: Remembered, guest: Guest) -> bool:
    """Whether the guest of this environment came from there: the list is shared by all environments."""
    path = Path(known.requirement)
    if guest.source is None:
        return not path.is_absolute() and "://" not in known.requirement
    source = path.as_uri() if path.is_absolute() else known.requirement
    return source.partition("#")[0] == guest.source.partition("#")[0] and known.editable == guest.editable


def missing() -> list[Remembered]:
    """Remembered plugins that this environment lacks. Raises PluginError when the list cannot be read."""
    there = {canonical(guest.distribution) for guest in installed_guests()}
    return [one for one in remembered() if canonical(one.distribution) not in there]


def again(known: Remembered) -> Requirement:
    """What to install to have a remembered plugin again. Raises PluginError when its folder or file is gone."""
    if normal(known.requirement) == normal(known.distribution):  # by name, whatever that begins with
        return Requirement(known.requirement, known.distribution)
    try:
        return replace(read_requirement(known.requirement, editable=known.editable), distribution=known.distribution)
    except UsageError as error:
        raise PluginError(f"{known.distribution} cannot be installed again: {error}") from error


def loading_of(guests: Sequence[Guest]) -> tuple[list[dict[str, Any]], list[str]]:
    """What the guests provide as a fresh process sees it, as `plugins list --json` has it, and what is wrong."""
    listed, trouble = loaded_afresh()
    if trouble:
        names = ", ".join(guest.distribution for guest in guests)
        return [], [
            f"{names}: installed, but {trouble}, and so will any command that loads plugins. 'gantool plugins check' "
            "tells which plugin does it, 'gantool plugins uninstall NAME' removes it."
        ]
    rows, wrong = [], []
    for guest in guests:
        mine = [facts for facts in listed if canonical(facts["distribution"]) == canonical(guest.distribution)]
        rows += mine
        if not mine:
            wrong.append(f"{guest.distribution} is installed, but a new process does not find it.")
        wrong += _broken(guest, mine)
    return rows, wrong


def _broken(guest: Guest, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Sentences on what does not load; what loads and is not used is a warning."""
    for facts in rows:
        if facts["status"] in ("clash", "blocked"):
            used = "used in part" if facts["status"] == "clash" else "not used"
            _log.warning(f"{guest.distribution} is installed and {used}: {facts['error']}.")
    return [
        f"{sentence(guest.distribution + ' is installed, but broken: ' + facts['error'])} "
        f"'gantool plugins uninstall {guest.distribution}' removes it."
        for facts in rows
        if facts["status"] == "broken"
    ]


def _arrived(requirement: Requirement, before: Sequence[Guest], after: Sequence[Guest]) -> Guest | None:
    """The guest that a requirement became."""
    if requirement.distribution is not None:
        wanted = canonical(requirement.distribution)
        return next((guest for guest in after if canonical(guest.distribution) == wanted), None)
    path = Path(requirement.text)
    source = path.as_uri() if path.is_absolute() else requirement.text.partition("#")[0]
    from_there = [guest for guest in after if (guest.source or "").partition("#")[0] == source]
    new = [guest for guest in after if guest not in before]
    return next(iter([guest for guest in from_there if guest in new] or new or from_there), None)


def _noted(change: Callable[[], None]) -> None:
    """What could not be written down is said, and takes nothing back."""
    try:
        change()
    except GantoolError as error:
        _log.warning(f"This will not be remembered for 'gantool plugins restore': {error}")
