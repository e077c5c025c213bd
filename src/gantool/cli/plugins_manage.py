"""`gantool plugins install`, `uninstall`, `upgrade`, `restore`: they import no plugin, so that none can stop them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gantool.plugin_tools.guests import Guest
    from gantool.plugin_tools.requirements import Requirement
    from gantool.plugin_tools.running import Command

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the commands that would be run, and run none.")]


def _complete(incomplete: str) -> list[str]:
    from gantool.plugin_tools.guests import installed_guests

    return [guest.distribution for guest in installed_guests()]


def install(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME|PATH|URL...", help="NAME is the distribution gantool-NAME.")
    ],
    editable: Annotated[
        bool, typer.Option("--editable", "-e", help="Install folders so that changes in them count at once.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Install plugins, leave torch as it is, and see whether they load."""
    from gantool.plugin_tools.requirements import read_requirement

    requirements = [read_requirement(name, editable=editable) for name in names]
    _install(requirements, lambda each: each, upgrade=False, dry_run=dry_run, json=json)


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
    """Install the newest versions of plugins, from where each came, and leave torch as it is."""
    from gantool.cli.output import say
    from gantool.plugin_tools.guests import installed_guests
    from gantool.plugin_tools.installing import find_guest, latest

    guests = [find_guest(name) for name in names] if names else installed_guests()
    if not guests:
        say("There are no installed plugins.")
    _install(guests, latest, upgrade=True, dry_run=dry_run, json=json)


def restore(dry_run: DryRun = False, json: Json = False) -> None:
    """Install again what was installed by this command before and is not here now."""
    from gantool.cli.output import say
    from gantool.plugin_tools.installing import again, missing

    lost = missing()
    if not lost:
        say("Every plugin that gantool installed is here.")
    _install(lost, again, upgrade=False, dry_run=dry_run, json=json)


def uninstall(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="A plugin or its distribution.", autocompletion=_complete)
    ],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Remove plugins, however broken, and nothing they depend on."""
    from gantool.cli.output import result, result_json, say
    from gantool.errors import UnknownNameError
    from gantool.plugin_tools.installing import Manager, find_guest
    from gantool.plugin_tools.memory import forget, recall

    manager, guests = Manager(), []
    for name in names:
        try:
            guests.append(find_guest(name))
        except UnknownNameError:
            if (known := recall(name) or recall(f"gantool-{name}")) is None:
                raise
            if not dry_run:
                forget(known.distribution)
            say(f"{known.distribution} is not installed here; it is not remembered any more either.")
    manager.check_together(remove=guests)
    if dry_run:
        _print_commands([manager.uninstall_command(guest) for guest in guests], json)
        return
    removed, failed = _each(guests, manager.uninstall)
    if json:
        result_json({"removed": [guest.distribution for guest, _ in removed]})
    else:
        for guest, _ in removed:
            result(f"{guest.distribution} {guest.version} is removed.")
    if failed:
        raise typer.Exit(1)


def _install(
    wanted: Sequence[Any], read: "Callable[[Any], Requirement]", *, upgrade: bool, dry_run: bool, json: bool
) -> None:
    """Install each, then print what a fresh process makes of them; exit code 1 when anything failed."""
    from gantool.cli.output import error, say
    from gantool.plugin_tools.installing import Manager, loading_of

    def noted(each: Any) -> "Requirement":
        requirement = read(each)
        if requirement.note:
            say(requirement.note)
        return requirement

    manager = Manager()
    readable, unreadable = _each(wanted, noted)
    requirements = [requirement for _, requirement in readable]
    manager.check_together(requirements, upgrade=upgrade)
    if dry_run:
        planned, failed = _each(requirements, lambda each: manager.install_command(each, upgrade=upgrade))
        _print_commands([command for _, command in planned], json)
        if failed or unreadable:
            raise typer.Exit(1)
        return
    installed, failed = _each(requirements, lambda each: manager.install(each, upgrade=upgrade))
    guests: list[Guest] = [guest for _, guest in installed]
    rows, wrong = loading_of(guests) if guests else ([], [])
    _print_plugins(rows, json)
    for problem in wrong:
        error(problem)
    if failed or unreadable or wrong:
        raise typer.Exit(1)


def _each(items: Sequence[Any], act: Callable[[Any], Any]) -> tuple[list[tuple[Any, Any]], bool]:
    """The items with what came of them, and whether any failed, whose error is printed: the others still count."""
    from gantool.cli.output import error
    from gantool.errors import GantoolError

    if len(items) == 1:
        return [(items[0], act(items[0]))], False
    done, failed = [], False
    for item in items:
        try:
            done.append((item, act(item)))
        except GantoolError as problem:
            error(str(problem))
            failed = True
    return done, failed


def _print_commands(commands: "Sequence[Command]", json: bool) -> None:
    from gantool.cli.output import result, result_json

    if json:
        result_json({"commands": [str(command) for command in commands]})
        return
    for command in commands:
        result(str(command))


def _print_plugins(rows: Sequence[dict[str, Any]], json: bool) -> None:
    from gantool.cli.describe import plugin_table
    from gantool.cli.output import page, result_json
    from gantool.plugins.status import Plugin

    if json:
        result_json({"plugins": list(rows)})
    elif rows:
        provided = [{plural: tuple(names) for plural, names in facts["provides"].items()} for facts in rows]
        plugins = [Plugin(**{**facts, "provides": names}) for facts, names in zip(rows, provided, strict=True)]
        page().print(plugin_table(plugins))
