"""The commands of plugins: found by their specs, imported on call, and added to the command line."""

import inspect
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import typer
from typer._click import Command
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from gantool.cli.components import PLUGINS_DIR, PageCommand, PluginsDir, flag_values, look_in_folders
from gantool.cli.groups import PageGroup, paragraphs
from gantool.errors import PluginError, cause

_COMPLETION = ("install_completion", "show_completion")  # options that Typer gives every app
_GROUP = "gantool"  # plugins.loading has it too, and imports pydantic


class PluginCommand(NamedTuple):
    """A plugin's command as its spec declares it; its function is not imported."""

    name: str
    summary: str
    owner: str


def plugin_commands() -> list[PluginCommand]:
    """The commands of all plugins, for completion and the help page."""
    if not _plugins_expected():
        return []
    from gantool.plugins.host import host

    plugins = host()
    owned = [(spec, plugins.owner("command", name)) for name, spec in plugins.specs("command").items()]
    return [PluginCommand(spec.name, spec.summary, owner) for spec, owner in owned if owner != "gantool"]


def plugin_command(name: str, args: Sequence[str]) -> tuple[str, Command]:
    """A plugin's command and its name in errors; the plugin may be in a folder that the arguments name.

    Raises UnknownNameError, and PluginError when its function cannot be imported or is none that Typer understands.
    """
    from gantool.plugins.host import host
    from gantool.plugins.selection import imported, title

    look_in_folders([Path(folder) for _, folder in flag_values(args, {PLUGINS_DIR})])
    spec = host().find("command", name)
    owner = host().owner("command", name)
    called = title("command", name, owner)
    function = imported(called, owner, spec.factory)
    try:
        return called, _command(name, spec.summary, function)
    except Exception as error:  # of Typer, pydantic or inspect, as it comes
        raise PluginError(
            f"{called} cannot be used: Typer does not understand {spec.factory} ({cause(error)}). "
            "A command is a plain function whose parameters are options and arguments, each of a type that Typer knows."
        ) from error


def _plugins_expected() -> bool:
    """True if there may be plugins at all; without any, the help page need not load the plugin host."""
    wanted = os.environ.get("GANTOOL_PLUGINS")
    if wanted is not None and not wanted.strip():
        return False
    try:
        return bool(os.environ.get("GANTOOL_PLUGINS_DIR") or entry_points(group=_GROUP))
    except Exception:  # metadata that an interrupted installer left behind
        return True


def _command(name: str, summary: str, function: Any) -> Command:
    """The function as a command that takes `--plugins-dir` as well, since its model may need a plugin of a folder."""
    if isinstance(function, typer.Typer):
        command = get_command(function)
        command.params = [param for param in command.params if param.name not in _COMPLETION]
        _as_pages(command)
    else:
        _check_plain(function)
        app = typer.Typer(add_completion=False)
        app.command(name, cls=PageCommand, help=paragraphs(inspect.getdoc(function) or summary))(function)
        command = get_command(app)
    for each in _all(command):
        for param in each.params:
            param.get_runtime_param()  # type: ignore[attr-defined]  # else a type is looked at when its value is read
        if not any(PLUGINS_DIR in param.opts for param in each.params):
            each.params.append(_folders_option())
    return command


def _as_pages(command: Command) -> None:
    """Have the help of a group and its commands look as that of gantool's own, where their author chose no class."""
    for each in _all(command):
        if type(each) is TyperCommand:
            each.__class__ = PageCommand
        elif type(each) is TyperGroup:
            each.__class__ = PageGroup


def _check_plain(function: Any) -> None:
    if inspect.iscoroutinefunction(function):
        raise TypeError("it is an async function")
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"it takes {parameter}")


def _all(command: Command) -> Iterator[Command]:
    """The command and, of a group, all within it."""
    yield command
    if isinstance(command, TyperGroup):
        for inner in command.commands.values():
            yield from _all(inner)


def _folders_option() -> Any:
    app = typer.Typer(add_completion=False)

    @app.command()
    def any_command(plugins_dir: PluginsDir = None) -> None: ...

    (option,) = get_command(app).params
    option.expose_value = False
    return option
