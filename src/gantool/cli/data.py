"""`gantool data`: check pictures before training on them, and pack them into shards."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gantool.cli.groups import PageGroup
from gantool.cli.model_options import Overwrite
from gantool.cli.shards import index, shard
from gantool.errors import DataError, one_image

if TYPE_CHECKING:
    from gantool.data.pictures.options import FolderOptions
    from gantool.data.survey.check import Report, Training
    from gantool.data.survey.surveys import Survey
    from gantool.plugins.selection import Chosen

CELL = 96
"""Pictures on a sheet are enlarged by whole pixels, up to this side."""
USUAL = 64
"""The resolution at which a source is checked that has no natural one."""
ARRAYS = (".npy", ".npz")

Sources = Annotated[
    list[str],
    typer.Argument(
        help="Folder, zip, tar or array file of pictures, or another source, with options as of --data: gantool "
        "plugins show folder. Several are checked as one.",
        metavar="SOURCE[:option=value,...]...",
    ),
]

app = typer.Typer(
    cls=PageGroup, help="Check pictures before training on them; pack many of them into shards.", no_args_is_help=True
)


@app.command()
def check(
    sources: Sources,
    resolution: Annotated[
        int | None,
        typer.Option(
            "--resolution", metavar="N", min=1, help="Training resolution. Default: one that suits the pictures."
        ),
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
    from gantool.cli.output import result_json, result_words
    from gantool.cli.progress import showing_progress
    from gantool.data.survey.check import report_on
    from gantool.data.survey.report import as_text
    from gantool.run.joined import overlaps

    if sheet is not None:
        from gantool.cli.out_files import check_out  # not above: it needs torch

        check_out(sheet, overwrite)
    with showing_progress():
        found = [_surveyed(text, resolution, int(channels) if channels else None) for text in sources]
        surveys = [survey for _, survey in found]
        report = report_on(surveys, resolution, int(channels) if channels else None)
        report.notes += overlaps([survey.name for survey in surveys])
        if sheet is not None and report.training is not None:
            _draw(sheet, found, report.training)
    drawn = {"sheet": str(sheet)} if sheet is not None and report.usable else {}
    if json:
        result_json(report.model_dump() | drawn)
    else:
        result_words("\n".join([as_text(report), *(f"{title:<12} {text}" for title, text in drawn.items())]))
    _require(report, labels)


def _require(report: "Report", labels: bool) -> None:
    """Fail where training on the pictures would, once the report is out."""
    if not report.usable:
        raise typer.Exit(1)
    if report.usable == 1:
        raise DataError(one_image(report.path))
    if labels and not report.classes:
        from gantool.data.pictures.labels import unlabelled

        raise unlabelled(report.path, ())  # the report has the notes


def _surveyed(text: str, resolution: int | None, channels: int | None) -> "tuple[FolderOptions | Chosen, Survey]":
    """A source, or the options of a folder, and what is in it; options may follow a path, as for `train --data`."""
    from gantool.data.pictures.options import FolderOptions, PictureOptions
    from gantool.data.survey.surveys import survey_files, survey_folder
    from gantool.homes import at_home
    from gantool.plugins.host import host

    named = text in host().specs("source")  # which `train --data` takes, whatever folder has that name
    if not named and at_home(text).exists() and not text.lower().endswith(ARRAYS):
        options = FolderOptions(path=text)
        return options, survey_folder(options)
    from gantool.run.components import resolve_source

    chosen = resolve_source(host(), text)
    if isinstance(chosen.options, FolderOptions):
        return chosen.options, survey_folder(chosen.options)
    if (files := chosen.files()) is not None:
        told = chosen.options if isinstance(chosen.options, PictureOptions) else PictureOptions()
        return chosen, survey_files(files, told, text)
    from gantool.api.specs import ImageShape
    from gantool.data.survey.sources import survey_source

    natural = chosen.natural() or ImageShape(USUAL, 3, 0)
    shape = ImageShape(resolution or natural.resolution, channels or natural.channels, natural.classes)
    source = chosen.build(resolution=shape.resolution, channels=shape.channels)
    return chosen, survey_source(source, text, chosen.spec.name, shape)


def _draw(file: Path, found: "Sequence[tuple[FolderOptions | Chosen, Survey]]", training: "Training") -> None:
    import torch

    from gantool.data.pictures.options import FolderOptions
    from gantool.data.survey.look import COUNT, some_images, some_pictures
    from gantool.render.grids import enlargement, sheet
    from gantool.render.pictures import save_pictures

    most = max(1, COUNT // len(found))
    parts = [
        some_pictures(source, survey, training, most)
        if isinstance(source, FolderOptions)
        else some_images(source.build(resolution=training.resolution, channels=training.channels), most)
        for source, survey in found
        if survey.answers
    ]
    save_pictures([sheet(torch.cat(parts), scale=enlargement(training.resolution, CELL))], [file], overwrite=True)


app.command()(shard)
app.command()(index)
