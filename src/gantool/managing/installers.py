"""The command that installs or removes a plugin in an environment: pip's, uv's, pipx's, or advice where none may."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from gantool.errors import PluginError
from gantool.managing.environment import Environment, tool_requirements
from gantool.managing.requirements import Requirement
from gantool.managing.running import Command
from gantool.plugin_loading import normal


def install_command(
    environment: Environment, requirement: Requirement, constraints: Path, *, upgrade: bool = False
) -> Command:
    """What installs the requirement and leaves what is in `constraints` alone.

    Raises PluginError with the command to run instead where gantool cannot or may not.
    """
    _refuse_the_systems(environment, requirement.text)
    if environment.kind == "uv-tool":
        purpose = f"To {'upgrade' if upgrade else 'add'} it"
        raise _advise_uv_tool(environment, purpose, add=requirement, upgrade=upgrade, constraints=constraints)
    spec = ("--editable", requirement.text) if requirement.editable else (requirement.text,)
    newer: tuple[str, ...]
    if environment.kind == "pipx":
        if upgrade:  # 'inject --force' would install anew all that it depends on
            newer = ("install", "--upgrade", "--constraint", str(constraints), *spec)
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
        raise _advise_uv_tool(environment, "To remove it", remove=distribution)
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


def _advise_uv_tool(
    environment: Environment,
    purpose: str,
    *,
    add: Requirement | None = None,
    remove: str | None = None,
    upgrade: bool = False,
    constraints: Path | None = None,
) -> PluginError:
    """`uv tool install` makes the environment anew from its arguments, so they repeat what it was made of."""
    python, listed = tool_requirements(environment)
    gone = {normal(name) for name in (remove, add and add.distribution) if name}
    tool = [*_written(listed[0], "--editable")] if listed else [environment.name]
    argv = ["uv", "tool", "install", *(["--python", python] if python else []), *tool]
    for one in listed[1:]:
        if normal(str(one.get("name", ""))) not in gone:
            argv += _with(*_written(one, "--with-editable"))
    if add is not None:
        argv += ["--with-editable" if add.editable else "--with", add.text]
        if upgrade and add.distribution:
            argv += ["--upgrade-package", add.distribution]
    if constraints is not None:
        argv += ["--constraints", str(constraints)]
    return PluginError(
        f"gantool lives in an environment of 'uv tool', which keeps only what it was told. {purpose}, run: "
        f"{shlex.join(argv)}"
    )


def _with(*words: str) -> list[str]:
    return list(words) if words[0].startswith("--") else ["--with", *words]


def _git(url: str) -> str:
    """A receipt keeps revision and folder as the URL's query; a requirement has them behind `@` and `#`."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    revision = next((asked[kind][0] for kind in ("rev", "tag", "branch") if kind in asked), "")
    plain = urlunsplit(parts._replace(query="", fragment=""))
    within = f"#subdirectory={asked['subdirectory'][0]}" if "subdirectory" in asked else ""
    return f"git+{plain}" + (f"@{revision}" if revision else "") + within


def _written(one: dict[str, Any], editable_flag: str) -> list[str]:
    """A requirement of a receipt as it is typed."""
    extras = f"[{','.join(one['extras'])}]" if one.get("extras") else ""
    name = f"{one.get('name', 'gantool')}{extras}"
    if "editable" in one:
        return [editable_flag, str(one["editable"])]
    for key in ("directory", "path"):
        if key in one:
            return [str(one[key])]
    if "url" in one or "git" in one:
        return [f"{name} @ {one.get('url') or _git(str(one['git']))}"]
    return [f"{name}{one.get('specifier', '')}"]
