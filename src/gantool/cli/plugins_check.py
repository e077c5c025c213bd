"""`gantool plugins check`: a check that plugins import quickly and their components keep their contracts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gantool.cli.components import PluginFolders
from gantool.cli.plugins_manage import Json

if TYPE_CHECKING:
    from rich.table import Table

    from gantool.plugin_tools.doctor import PluginReport

QUICK_SECONDS, FULL_SECONDS = 300.0, 3600.0


def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Plugins, distributions or components; all installed plugins if none."
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick/--full", help="Try few sizes, or all combinations of them.")] = True,
    seconds: Annotated[
        float | None,
        typer.Option("--timeout", metavar="S", min=1, help="Seconds for one component; 300, or 3600 with --full."),
    ] = None,
    plugins_dir: PluginFolders = None,
    json: Json = False,
) -> None:
    """Check that plugins import quickly and their components keep their contracts.

    Each plugin gets a process of its own. The exit code is 1 when a check fails.
    """
    from gantool.cli.output import page, result_json, say
    from gantool.plugin_tools.doctor import Target, candidates, clashes, examine, targets, wanted

    found = candidates(plugins_dir or [])
    chosen = [each for name in names for each in targets(name, found)] if names else [*map(Target, wanted(found))]
    reports = []
    for each in chosen:
        say(f"Checking {each.candidate.name}")
        reports.append(examine(each, quick=quick, seconds=seconds or (QUICK_SECONDS if quick else FULL_SECONDS)))
    clashes(reports)
    if json:
        result_json([_facts(report) for report in reports])
    elif reports:
        page().print(_table(reports))
    else:
        say("There are no plugins to check: gantool's own are checked by their names.")
    if not all(report.ok for report in reports):
        raise typer.Exit(1)


def _facts(report: "PluginReport") -> dict[str, object]:
    tried = [{**vars(each), "ok": not each.faults} for each in report.components]
    return {**vars(report), "components": tried, "ok": report.ok}


def _table(reports: "Sequence[PluginReport]") -> "Table":
    """One row for each plugin and each component; faults stand below each other."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("plugin", "component", "import", "verdict", "faults"):
        table.add_column(heading, overflow="fold")
    for report in reports:
        time = "" if report.import_ms is None else f"{report.import_ms:.0f} ms"
        name = report.name if report.origin == "built-in" else report.title
        said = [*report.faults, *(f"warning: {warning}" for warning in report.warnings)]
        table.add_row(Text(name, style="bold"), "", time, _verdict(report.faults), Text("\n".join(said)))
        for tried in report.components:
            verdict = f"not tried: needs {', '.join(tried.needs)}" if tried.needs else _verdict(tried.faults)
            missing = ",".join(f"{need}=..." for need in tried.needs if not need.startswith("architecture "))
            test = f"check_{tried.kind.replace('-', '_')}({f'{tried.name}:{missing}'!r})"
            hint = [f"{test} of gantool.testing tries it, with a value, in a test"] if missing else []
            waived = [f"waived: {name} ({reason})" for name, reason in tried.waived.items()]
            table.add_row(
                "", Text(f"{tried.kind} {tried.name}"), "", verdict, Text("\n".join([*tried.faults, *hint, *waived]))
            )
    return table


def _verdict(faults: Sequence[str]) -> str:
    return "[red]fails[/]" if faults else "[green]ok[/]"
