"""The command that installs or removes a plugin in an environment: pip's, uv's, pipx's, or advice where none may."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from gantool.errors import PluginError
from gantool.plugin_tools.environment import Environment, injected
from gantool.plugin_tools.requirements import Requirement
from gantool.plugin_tools.running import Command
from gantool.plugin_tools.uv_tool import advice
from gantool.plugins.loading import canonical


def install_command(
    environment: Environment, requirement: Requirement, constraints: Path, *, upgrade: bool = False, there: bool = False
) -> Command:
    """What installs the requirement and leaves what is in `constraints` alone; `there` when some version of it is here.

    Raises PluginError with the command to run instead where gantool cannot or may not.
    """
    _refuse_the_systems(environment, requirement.text)
    if environment.kind == "uv-tool":
        raise advice(environment, add=[requirement], upgrade=upgrade, constraints=constraints)
    spec = ("--editable", requirement.text) if requirement.editable else (requirement.text,)
    newer: tuple[str, ...]
    if environment.kind == "pipx":
        if upgrade or there:  # 'inject' leaves what is there; with '--force' it installs anew all that it depends on
            newer = ("install", *(("--upgrade",) if upgrade else ()), "--constraint", str(constraints), *spec)
            return _by_pipx(environment, ("runpip", environment.name, *newer), {})
        keep = {name: _also(name, constraints) for name in ("PIP_CONSTRAINT", "UV_CONSTRAINT")}  # one is its backend's
        return _by_pipx(environment, ("inject", environment.name, *spec), keep)
    constrained = ("--constraint", str(constraints))
    if environment.has_pip:
        newer = ("--upgrade",) if upgrade else ()
        quiet = ("--disable-pip-version-check", "--no-input")
        return Command((environment.python, "-P", "-m", "pip", "install", *quiet, *newer, *constrained, *spec))
    newer = ("--upgrade-package", requirement.distribution) if upgrade and requirement.distribution else ()
    return _by_uv(environment, ("install", *newer, *constrained, *spec))


def uninstall_command(environment: Environment, distribution: str) -> Command:
    """What removes a distribution and leaves what it depends on. Raises PluginError as `install_command`."""
    _refuse_the_systems(environment, distribution)
    if environment.kind == "uv-tool":
        raise advice(environment, remove=[distribution])
    if environment.kind == "pipx" and canonical(distribution) not in injected(environment):
        return _by_pipx(environment, ("runpip", environment.name, "uninstall", "--yes", distribution), {})
    if environment.kind == "pipx":
        return _by_pipx(environment, ("uninject", "--leave-deps", environment.name, distribution), {})
    if environment.has_pip:
        quiet = ("--disable-pip-version-check", "--yes")
        return Command((environment.python, "-P", "-m", "pip", "uninstall", *quiet, distribution))
    return _by_uv(environment, ("uninstall", distribution))


def _also(name: str, constraints: Path) -> str:
    """The file beside those a user may have set; as a URL, since the variable is split at spaces."""
    return " ".join(filter(None, (os.environ.get(name), constraints.absolute().as_uri())))


def _by_uv(environment: Environment, arguments: Sequence[str]) -> Command:
    command = Command((environment.uv or "uv", "pip", arguments[0], "--python", environment.python, *arguments[1:]))
    if environment.uv is None:
        raise PluginError(
            f"There is neither pip nor uv for {environment.python}. Where uv is, run: {command}   "
            f"Or fetch pip by '{environment.python} -m ensurepip' and run this command again."
        )
    return command


def _by_pipx(environment: Environment, arguments: Sequence[str], environ: dict[str, str]) -> Command:
    command = Command((environment.pipx or "pipx", *arguments), environ)
    if environment.pipx is None:
        raise PluginError(f"gantool lives in an environment of pipx, which is not on PATH. Where it is, run: {command}")
    return command


def _refuse_the_systems(environment: Environment, wanted: str) -> None:
    if environment.kind != "managed":
        return
    quoted = shlex.quote(wanted)
    raise PluginError(
        f"The packages of this Python belong to the system ({environment.marker}), and changing them may break it. "
        "Give gantool an environment of its own, by one of these: "
        f"'python3 -m venv ~/gantool && ~/gantool/bin/pip install gantool {quoted}'; "
        f"'pipx install gantool && pipx inject gantool {quoted}'; 'uv tool install gantool --with {quoted}'."
    )
