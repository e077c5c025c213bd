"""`gantool compare`: models side by side, by what they took, how they measure and what they draw of equal seeds."""

import os
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gantool.cli.arguments import takes
from gantool.cli.components import PluginsDir
from gantool.cli.evaluation_options import (
    AtOnce,
    DataSources,
    EvaluationSeed,
    ExtractorName,
    Metrics,
    Samples,
    settings_of,
)
from gantool.cli.model_options import Device, Json, Overwrite, SheetScale
from gantool.engine.importing import import_torch
from gantool.errors import OptionError

if TYPE_CHECKING:
    from gantool.engine.model_file import ModelCard
    from gantool.evaluation.evaluator import Evaluator
    from gantool.evaluation.result import Evaluation
    from gantool.sampling.model import Model


@dataclass(frozen=True)
class CompareArguments:
    """The arguments of the command."""

    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL...", help="Run folders, checkpoints or .safetensors files."),
    ]
    data: DataSources = None
    n: Samples = 2000
    metric: Metrics = None
    extractor: ExtractorName = "auto"
    seed: EvaluationSeed = 0
    batch: AtOnce = 16
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="Sheet of equal seeds, a row for each model. .png .webp .jpg"),
    ] = None
    seeds: Annotated[str, typer.Option(metavar="SEEDS", help="Seeds of the sheet, as in 0-7 or 1,5,9.")] = "0-7"
    scale: SheetScale = None
    overwrite: Overwrite = False
    device: Device = "auto"
    plugins_dir: PluginsDir = None
    as_json: Json = False


@dataclass(frozen=True)
class Compared:
    """A model beside others. `minutes` are those of training, None where no run tells; `parameters` its generator's."""

    evaluation: "Evaluation"
    architecture: str
    minutes: float | None
    parameters: int


@takes(CompareArguments)
def compare(arguments: CompareArguments) -> None:
    """Compare models: how long they trained, how good their samples are, and what they draw of equal seeds.

    Those not yet measured in this way are, as by `gantool evaluate`, against the data of the first model's run.
    """
    import_torch()
    from gantool.cli.interrupts import between_evaluations
    from gantool.cli.out_files import check_out
    from gantool.cli.progress import showing_progress
    from gantool.cli.seeds import parse_seeds
    from gantool.evaluation.evaluator import Evaluator
    from gantool.plugins.host import host

    models = [*dict.fromkeys(arguments.models)]
    if len(models) < 2:
        raise OptionError("A comparison takes two models or more; gantool evaluate measures one.")
    if arguments.out is not None:
        check_out(arguments.out, arguments.overwrite)
    seeds = parse_seeds(arguments.seeds, "--seeds")
    settings = settings_of(
        arguments.data, arguments.n, arguments.metric, arguments.extractor, arguments.seed, arguments.device,
        arguments.batch,
    )  # fmt: skip
    leads = os.environ.get("RANK", "0") == "0"
    with between_evaluations(), redirect_stdout(sys.stderr), showing_progress() if leads else nullcontext():
        first = _first_of_one_shape(models)
        evaluator = Evaluator(models[0], settings, host())
        told = _told_of_data(evaluator, models)
        loaded = {path: evaluator.checked(path)[0] for path in models}  # all of them, before what takes long
        compared = [_compared(evaluator, path, model, (models[0], first)) for path, model in loaded.items()]
        if arguments.out is not None and evaluator.world.leads:
            _draw(arguments.out, list(loaded.values()), seeds, arguments.scale)
    if evaluator.world.leads:
        _show(arguments, evaluator, compared, told)
    evaluator.world.finish()


def _first_of_one_shape(models: list[str]) -> "ModelCard":
    """The card of the first model. Raises OptionError for one of another shape, before any is loaded."""
    from gantool.engine.model_file import read_card
    from gantool.evaluation.origin import check_shape
    from gantool.sampling.locate import generator_file

    first, *others = models
    of_first = read_card(generator_file(first))
    for path in others:
        check_shape(read_card(generator_file(path)), path, first, of_first)
    return of_first


def _told_of_data(evaluator: "Evaluator", models: list[str]) -> list[str]:
    """Warn of models that were trained on other data, before anything is measured; what was said."""
    from gantool.cli.output import warn
    from gantool.evaluation.origin import on_data

    notes = [note for path in models for note in on_data(path, evaluator.reals)]
    if evaluator.world.leads:
        for note in notes:
            warn(note)
    return notes


def _compared(evaluator: "Evaluator", path: str, model: "Model", first: "tuple[str, ModelCard]") -> Compared:
    from gantool.evaluation import origin
    from gantool.evaluation.keeping import found_in
    from gantool.report.record import read_record
    from gantool.run.folder import load_config
    from gantool.sampling.locate import run_of

    run, card = run_of(path), model.card
    known = evaluator.world.from_leader(found_in(run, evaluator.named(card, path), evaluator.n))
    if known is not None:
        known = replace(known, notes=origin.compared(known.notes, origin.on_labels(path, card, *first)))
    seconds = None if run is None else read_record(run, load_config(run)).seconds_until(card.images_seen)
    return Compared(
        known or evaluator.evaluate(path),
        card.name,
        None if seconds is None else seconds / 60,
        sum(weight.numel() for weight in model.generator.parameters()),
    )


def _draw(path: Path, models: "list[Model]", seeds: list[int], scale: int | None) -> None:
    import torch

    from gantool.render.grids import enlargement, sheet
    from gantool.render.pictures import save_pictures

    rows = torch.cat([model.images(seeds) for model in models])
    scale = scale or enlargement(rows.shape[-1])
    save_pictures([sheet(rows, columns=len(seeds), scale=scale)], [path], overwrite=True)


def _show(arguments: CompareArguments, evaluator: "Evaluator", compared: list[Compared], told: list[str]) -> None:
    """Notes on standard error but for those `told` before, the numbers on standard output."""
    from gantool.cli import evaluation_tables, output

    evaluations, known = [one.evaluation for one in compared], (evaluator.reason, *told)
    for note in dict.fromkeys(note for one in evaluations for note in one.notes if note not in known):
        output.warn(note)
    if arguments.as_json:
        models = [
            {
                "architecture": one.architecture, "minutes": one.minutes, "parameters": one.parameters,
                **one.evaluation.as_json(),
            }
            for one in compared
        ]  # fmt: skip
        files = [] if arguments.out is None else [str(arguments.out)]
        output.result_json({"models": models, "files": files})
        return
    facts = {
        "architecture": [one.architecture for one in compared],
        "images": [f"{one.evaluation.images_seen:,}" for one in compared],
        "minutes of training": ["-" if one.minutes is None else f"{one.minutes:.1f}" for one in compared],
        "parameters of the generator": [f"{one.parameters:,}" for one in compared],
    }
    evaluation_tables.show_compared(evaluator.metrics, evaluations, evaluator.reals.brief, facts)
    if arguments.out is not None:
        output.result(str(arguments.out))
