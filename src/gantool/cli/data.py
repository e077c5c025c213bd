"""`gantool data`: check pictures before training on them."""

from typing import Annotated, Literal

import typer

app = typer.Typer(help="Check pictures before training on them.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own while it is the only one."""


@app.command()
def check(
    folder: Annotated[str, typer.Argument(help="Folder, zip or tar of pictures.", metavar="FOLDER")],
    resolution: Annotated[
        int | None,
        typer.Option("--resolution", min=1, help="Training resolution. Default: one that suits the pictures."),
    ] = None,
    channels: Annotated[
        Literal["1", "3", "4"] | None,
        typer.Option("--channels", help="Training channels; 4 keeps transparency. Default: 1 or 3, as the pictures."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Report sizes, formats, duplicates, broken files, and the data that training would use."""
    from gantool.cli.output import result, result_json
    from gantool.cli.progress import showing_progress
    from gantool.data.pictures.options import FolderOptions
    from gantool.data.survey.check import check as look
    from gantool.data.survey.report import as_text

    with showing_progress():
        report = look(FolderOptions(path=folder), resolution, int(channels) if channels else None)
    if json:
        result_json(report.model_dump())
    else:
        result(as_text(report))
    if not report.usable:
        raise typer.Exit(1)
