"""`gantool data`: check pictures before training on them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.cli.model_options import Overwrite

if TYPE_CHECKING:
    from gantool.data.pictures.options import FolderOptions
    from gantool.data.survey.check import Report

CELL = 96
"""Pictures on a sheet are enlarged by whole pixels, up to this side."""

app = typer.Typer(help="Check pictures before training on them.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own while it is the only one."""


@app.command()
def check(
    folder: Annotated[
        str,
        typer.Argument(
            help="Folder, zip or tar of pictures, with options as of --data: gantool plugins show folder.",
            metavar="FOLDER[:option=value,...]",
        ),
    ],
    resolution: Annotated[
        int | None,
        typer.Option("--resolution", min=1, help="Training resolution. Default: one that suits the pictures."),
    ] = None,
    channels: Annotated[
        Literal["1", "3", "4"] | None,
        typer.Option("--channels", help="Training channels; 4 keeps transparency. Default: 1 or 3, as the pictures."),
    ] = None,
    labels: Annotated[bool, typer.Option("--labels", help="Fail where training with --labels would.")] = False,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE", help="Also draw some of the pictures as training would see them."),
    ] = None,
    overwrite: Overwrite = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Report sizes, formats, duplicates, broken files, and the data that training would use."""
    from gantool.cli.output import result, result_json
    from gantool.cli.progress import showing_progress
    from gantool.data.survey.check import check as look
    from gantool.data.survey.report import as_text

    if sheet is not None:
        from gantool.cli.out_files import check_out  # not above: it needs torch

        check_out(sheet, overwrite)
    with showing_progress():
        options = _options(folder)
        report = look(options, resolution, int(channels) if channels else None)
        if sheet is not None and report.training is not None:
            _draw(sheet, options, report, report.training.resolution)
    drawn = {"sheet": str(sheet)} if sheet is not None and report.usable else {}
    if json:
        result_json(report.model_dump() | drawn)
    else:
        result("\n".join([as_text(report), *(f"{title:<12} {text}" for title, text in drawn.items())]))
    _require(report, labels)


def _require(report: "Report", labels: bool) -> None:
    """Fail where training on the pictures would, once the report is out."""
    if not report.usable:
        raise typer.Exit(1)
    if labels and not report.classes:
        from gantool.data.pictures.labels import unlabelled

        raise unlabelled(report.path, ())  # the report has the notes


def _options(text: str) -> "FolderOptions":
    """The options of the pictures at a path; options may follow it, as for `train --data`."""
    from gantool.data.pictures.options import FolderOptions

    if ":" not in text or Path(text).expanduser().exists():
        return FolderOptions(path=text)
    from gantool.errors import UsageError
    from gantool.plugins.host import host
    from gantool.run.components import resolve_source

    chosen = resolve_source(host(), text).options
    if not isinstance(chosen, FolderOptions):
        raise UsageError(f"{text} is no folder, zip or tar of pictures, which data check is for.")
    return chosen


def _draw(file: Path, options: "FolderOptions", report: "Report", resolution: int) -> None:
    from gantool.data.survey.look import some_pictures
    from gantool.render.grids import sheet
    from gantool.render.pictures import save_pictures

    scale = max(1, CELL // resolution)
    save_pictures([sheet(some_pictures(options, report), scale=scale)], [file], overwrite=True)
