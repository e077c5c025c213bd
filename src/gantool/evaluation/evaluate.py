"""The evaluation of models from Python, and the checkpoints of a run that make a curve."""

from collections.abc import Sequence
from pathlib import Path

import torch

from gantool.arguments import type_checked
from gantool.engine import checkpoint
from gantool.engine.best import best_checkpoint
from gantool.errors import CheckpointError
from gantool.evaluation.evaluator import Evaluator
from gantool.evaluation.result import Evaluation
from gantool.evaluation.settings import AUTO, BATCH, STANDARD, N, Settings
from gantool.plugins.host import host
from gantool.sampling.locate import run_of


@type_checked
def evaluate(
    model: Path | str,
    data: Path | str | None = None,
    n: int = N,
    metrics: Sequence[str] = STANDARD,
    extractor: str = AUTO,
    classes: Sequence[str | int] | None = (),
    seed: int = 0,
    device: torch.device | str = AUTO,
    batch: int = BATCH,
    sheet: Path | None = None,
    record: bool = True,
) -> Evaluation:
    """Measure a model's samples against its data: `gantool.evaluate("runs/NAME", n=2000).scores.values["kid"]`.

    Without `data` it is that of the model's run; `classes` are measured by themselves as well (None: all of them). The
    result is appended to `evaluations.jsonl` of the run, with a sheet of the samples most like pictures of the data,
    unless `record` is False. Raises DataError where the data is gone, CheckpointError for a model that cannot be used,
    and UsageError and its kin for wrong settings.
    """
    settings = Settings(None if data is None else str(data), n, metrics, extractor, classes, seed, str(device), batch)
    return Evaluator(model, settings, host()).evaluate(model, sheet, record)


def best_images(model: Path | str) -> int | None:
    """The images that the best checkpoint of a run has seen, by the score during training; None without one."""
    run = run_of(model)
    best = None if run is None else best_checkpoint(run)
    return None if best is None else checkpoint.images_of(best)


def checkpoints_of(model: Path | str) -> list[Path]:
    """The checkpoints of a run, oldest first. Raises CheckpointError where there are none."""
    run = run_of(model)
    found = [] if run is None else sorted(checkpoint.every(run), key=checkpoint.images_of)
    if not found:
        raise CheckpointError(f"{model} is no run with checkpoints, so there is no curve to measure.")
    return found
