"""`gantool plugins install`, `upgrade`, `uninstall`: they import no plugin, so that none can stop them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gantool.plugin_tools.environment import Command
    from gantool.plugin_tools.requirements import PluginRequirement

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the installer's command without running it.")]


def _complete(incomplete: str) -> list[str]:
    from gantool.plugin_tools.installed import installed_plugins

    return [one.distribution for one in installed_plugins()]


def install(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME|PATH|URL...", help="NAME stands for the distribution gantool-NAME.")
    ],
    editable: Annotated[
        bool, typer.Option("--editable", "-e", help="Editable install of folders: changes take effect at once.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Install plugins without changing torch, and check that they load."""
    from gantool.plugin_tools.requirements import read_requirement

    _install([read_requirement(name, editable=editable) for name in names], dry_run=dry_run, json=json)


def upgrade(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Installed plugins; all of them when none is named.", autocompletion=_complete
        ),
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Upgrade plugins from where each was installed, without changing torch."""
    from gantool.cli.output import say
    from gantool.plugin_tools.installed import find_installed, installed_plugins

    plugins = [find_installed(name) for name in names] if names else installed_plugins()
    if plugins:
        _install([one.requirement for one in plugins], upgrade=True, dry_run=dry_run, json=json)
    else:
        say("There are no installed plugins.")


def uninstall(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="A plugin or its distribution.", autocompletion=_complete)
    ],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Remove plugins, even broken ones, but not their dependencies."""
    from gantool.cli.output import result, result_json
    from gantool.plugin_tools import install
    from gantool.plugin_tools.installed import find_installed

    plugins = [find_installed(name) for name in names]
    if dry_run:
        _print_command(install.uninstall_command(plugins), json)
        return
    install.uninstall(plugins)
    if json:
        result_json({"removed": [one.distribution for one in plugins]})
        return
    for one in plugins:
        result(f"{one.distribution} {one.version} is removed.")


def _install(
    wanted: "Sequence[PluginRequirement]", *, upgrade: bool = False, dry_run: bool = False, json: bool = False
) -> None:
    """Install, then load the plugins in a fresh process and print the result; exit code 1 when one has an error."""
    from gantool.cli.output import error
    from gantool.plugin_tools import install

    if dry_run:
        _print_command(install.install_command(wanted, upgrade=upgrade), json)
        return
    plugins, faults = install.install(wanted, upgrade=upgrade)
    rows, broken = install.loaded(plugins) if plugins else ([], [])
    _print_plugins(rows, json)
    for fault in (*faults, *broken):
        error(fault)
    if faults or broken:
        raise typer.Exit(1)


def _print_command(command: "Command", json: bool) -> None:
    import shlex

    from gantool.cli.output import result, result_json

    if json:
        result_json({"command": shlex.join(command)})
    else:
        result(shlex.join(command))


def _print_plugins(rows: Sequence[dict[str, Any]], json: bool) -> None:
    from gantool.cli.describe import plugin_list
    from gantool.cli.output import page, result_json
    from gantool.plugins.status import Plugin

    if json:
        result_json({"plugins": list(rows)})
    elif rows:
        provided = [{plural: tuple(names) for plural, names in facts["provides"].items()} for facts in rows]
        plugins = [Plugin(**{**facts, "provides": names}) for facts, names in zip(rows, provided, strict=True)]
        page().print(plugin_list(plugins, page().width), overflow="ignore", crop=False)
