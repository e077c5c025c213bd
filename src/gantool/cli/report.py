"""`gantool report`: a run as one page, or several compared."""

import webbrowser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gantool.cli.components import PluginsDir
from gantool.cli.model_options import Json, Overwrite
from gantool.errors import GantoolError, OptionError

COMPARED = "comparison.html"


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders; several are compared.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="FILE", help=f"The page. Default: report.html in the run; of several, {COMPARED}."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    overwrite: Overwrite = False,
    plugins_dir: PluginsDir = None,
    as_json: Json = False,
) -> None:
    """Show a run on one page, or compare several.

    The page has samples, metrics, warnings and settings. It is one file that loads nothing, to be kept or sent.
    Training writes that of its own run.
    """
    from gantool.cli import output
    from gantool.engine.run_names import REPORT
    from gantool.report.frames import Encoder
    from gantool.report.page import write_report
    from gantool.report.record import read_record, told_apart
    from gantool.run.folder import known, load_config

    places: dict[Path, Path] = {}
    for run in map(known, runs):
        places.setdefault(run.resolve(), run)
    found = [*places.values()]
    own = out is None and len(found) == 1
    page = out or (found[0] / REPORT if len(found) == 1 else Path(COMPARED))
    _check(page, overwrite or own)
    records = told_apart([read_record(run, load_config(run)) for run in found])
    write_report(page, records, Encoder(pages=len(records)), plugins_dir or ())
    if as_json:
        output.result_json({"files": [str(page)], "runs": [str(run) for run in found]})
    else:
        output.result(str(page))
    if show and not webbrowser.open(page.absolute().as_uri()):
        output.say(f"No browser was found: open {page} in one.")


def renew(models: Iterable[str], plugins: Sequence[Path] = ()) -> list[Path]:
    """Write the reports of the models' runs again, where there are any: those. What hinders that is a warning."""
    from gantool.cli.output import warn
    from gantool.engine.run_names import REPORT
    from gantool.report.frames import Encoder
    from gantool.report.page import write_report
    from gantool.report.record import read_record
    from gantool.run.folder import load_config
    from gantool.sampling.locate import run_of

    renewed = []
    for run in dict.fromkeys(filter(None, map(run_of, models))):
        try:
            if (run / REPORT).is_file():
                write_report(run / REPORT, [read_record(run, load_config(run))], Encoder(), plugins)
                renewed.append(run / REPORT)
        except Exception as error:  # the numbers are there, whatever becomes of their page
            why = str(error) if isinstance(error, GantoolError) else f"{type(error).__name__}: {error}."
            warn(f"{why} The report of {run} stays as it was.")
    return renewed


def _check(page: Path, overwrite: bool) -> None:
    """Raise OptionError, before any work, when the page cannot be written there."""
    from gantool.cli.out_files import check_new

    if page.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"{page}: a report is a page, so its name ends with .html.")
    check_new(page, overwrite)
