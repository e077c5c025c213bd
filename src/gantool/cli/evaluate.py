"""`gantool evaluate`: a model's samples measured against its data, beside the data against itself."""

import os
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
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
from gantool.cli.model_options import Device, Json, ModelPath, Overwrite
from gantool.engine.importing import import_torch
from gantool.errors import OptionError

if TYPE_CHECKING:
    from gantool.evaluation.evaluator import Evaluator
    from gantool.evaluation.result import Evaluation
    from gantool.evaluation.settings import Settings
    from gantool.sampling.model import Model
LONG = 5.0
"""Seconds from which the time is told before."""


@dataclass(frozen=True)
class EvaluateArguments:
    """The arguments of the command."""

    model: ModelPath
    data: DataSources = None
    n: Samples = 2000
    metric: Metrics = None
    extractor: ExtractorName = "auto"
    against: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Another model, measured beside this one on the same data.")
    ] = None
    every_checkpoint: Annotated[
        bool, typer.Option("--every-checkpoint", help="Each checkpoint of the run in a row of its own: a curve.")
    ] = False
    labels: Annotated[bool, typer.Option("--labels", help="Each class by itself as well.")] = False
    label: Annotated[
        list[str] | None, typer.Option(metavar="LABEL", help="This class by itself as well, by name or index.")
    ] = None
    seed: EvaluationSeed = 0
    batch: AtOnce = 16
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            help="Sheet of the samples most like pictures of the data. Default: in RUN/evaluations.",
        ),
    ] = None
    overwrite: Overwrite = False
    device: Device = "auto"
    plugins_dir: PluginsDir = None
    as_json: Json = False

    def check(self) -> None:
        """Raise OptionError for options that exclude each other, or a sheet of an unknown format."""
        if self.against is not None and self.every_checkpoint:
            raise OptionError("--against and --every-checkpoint exclude each other: a curve is of one run.")
        if self.labels and self.label:
            raise OptionError("--labels is every class, --label one: leave one of them out.")
        if self.out is not None and self.every_checkpoint:
            raise OptionError("--out is one sheet, and --every-checkpoint makes one of each checkpoint: leave it out.")
        if self.out is not None:
            import_torch()
            from gantool.cli.out_files import check_out

            check_out(self.out, self.overwrite)

    def settings(self) -> "Settings":
        """The settings of the evaluation."""
        classes = None if self.labels else self.label or ()
        return settings_of(self.data, self.n, self.metric, self.extractor, self.seed, self.device, self.batch, classes)


@takes(EvaluateArguments)
def evaluate(arguments: EvaluateArguments) -> None:
    """Measure how good a model is: its samples against the data, beside the data against itself.

    Results are appended to evaluations.jsonl in the model's run, with a sheet of the samples most like pictures of the
    data. Features of the data are kept in the cache, so the second evaluation is faster.
    """
    arguments.check()
    import_torch()
    from gantool.cli.interrupts import between_evaluations
    from gantool.cli.progress import showing_progress
    from gantool.cli.report import renew
    from gantool.evaluation.evaluator import Evaluator
    from gantool.plugins.host import host

    leads = os.environ.get("RANK", "0") == "0"
    shown = showing_progress() if leads else nullcontext()
    with between_evaluations(), redirect_stdout(sys.stderr), shown:  # a plugin's network may print
        evaluator = Evaluator(arguments.model, arguments.settings(), host(), arguments.against)
        evaluations = _evaluations(arguments, evaluator)
    if evaluator.world.leads:
        reports = renew(filter(None, (arguments.model, arguments.against)), arguments.plugins_dir or ())
        _show(arguments, evaluator, evaluations, reports)
    evaluator.world.finish()


def _evaluations(arguments: EvaluateArguments, evaluator: "Evaluator") -> "list[Evaluation]":
    """The evaluations that were asked for, each written as soon as it is done; a damaged checkpoint is left out."""
    from gantool.cli.output import warn
    from gantool.errors import CheckpointError
    from gantool.evaluation.evaluate import checkpoints_of

    if not arguments.every_checkpoint:
        paths = [arguments.model, *([] if arguments.against is None else [arguments.against])]
        models = [evaluator.checked(path)[0] for path in paths]  # before any is measured, which takes long
        _tell_time(evaluator, models[0], len(models))
        return [evaluator.evaluate(path, arguments.out if not place else None) for place, path in enumerate(paths)]
    made, failed = [], None
    checkpoints = checkpoints_of(arguments.model)
    _tell_time(evaluator, evaluator.checked(arguments.model)[0], len(checkpoints))
    for path in checkpoints:
        try:
            made.append(evaluator.evaluate(path))
        except CheckpointError as error:
            failed = error
            if evaluator.world.leads:
                warn(f"{error} It is left out.")
    if not made and failed is not None:
        raise failed
    return made


def _tell_time(evaluator: "Evaluator", model: "Model", models: int) -> None:
    """Say how long it will take, if that is long; many processes, which share the work out, do not know."""
    from gantool.cli.output import say
    from gantool.engine.spans import in_words
    from gantool.evaluation.forecast import expected_seconds

    if evaluator.world.size > 1:
        return
    least, most = expected_seconds(evaluator, model, models)
    if most >= LONG:
        say(f"This will take {in_words(least, most)}.")


def _show(
    arguments: EvaluateArguments, evaluator: "Evaluator", evaluations: "list[Evaluation]", reports: list[Path]
) -> None:
    """Notes on standard error, the numbers on standard output."""
    from gantool.cli import evaluation_tables, output
    from gantool.evaluation.evaluate import best_images
    from gantool.evaluation.keeping import kept_in

    reason = evaluator.reason
    for note in dict.fromkeys(note for one in evaluations for note in one.notes):
        (output.say if note == reason else output.warn)(note)
    problems = [f"{name}: {why}" for one in evaluations for name, why in one.scores.problems.items()]
    for problem in dict.fromkeys(problems):
        output.warn(problem)
    if arguments.as_json:
        files = [*(one.sheet for one in evaluations if one.sheet), *filter(None, map(kept_in, evaluations)), *reports]
        document = {
            "evaluations": [one.as_json() for one in evaluations],
            "files": [*dict.fromkeys(map(str, files))],
        }
        if arguments.against is not None:
            document["better"] = evaluation_tables.winners(evaluator.metrics, *evaluations)
        output.result_json(document)
    elif arguments.every_checkpoint:
        chosen = best_images(arguments.model)
        evaluation_tables.show_curve(evaluator.metrics, evaluations, evaluator.reals.brief, arguments.model, chosen)
    else:
        evaluation_tables.show(evaluator.metrics, evaluations, evaluator.reals.brief)
