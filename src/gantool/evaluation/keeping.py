"""An evaluation written down: a line in its run, and the sheet of the closest pairs."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gantool.api.metrics import Metric, Pictures
from gantool.engine import checkpoint
from gantool.engine.model_file import ModelCard
from gantool.engine.run_names import by_images
from gantool.errors import GantoolError, sentence
from gantool.evaluation import pairs, result
from gantool.evaluation.result import Evaluation
from gantool.sampling.locate import generator_file

_log = logging.getLogger("gantool")


def kept(
    found: Evaluation,
    run: Path | None,
    metrics: Mapping[str, Metric],
    reals: Pictures,
    samples: Pictures,
    out: Path | None,
) -> Evaluation:
    """The evaluation with its sheet, written to `out` (default: in the run), and itself, added to those of its run.

    Where that is impossible a warning says so: the numbers took long.
    """
    if out is None and run is not None:
        out = run / pairs.FOLDER / f"{by_images(found.images_seen)}-{found.digest[:8]}-pairs.png"
    try:
        shown = pairs.closest(metrics, reals, samples) if out is not None else ()
        if out is not None and shown:
            pairs.write_sheet(out, shown, reals, samples)
            found = replace(found, sheet=out)
        if run is not None:
            result.append(run, found)
    except (GantoolError, OSError) as error:
        _log.warning("The evaluation is not kept: %s", sentence(str(error)))
    return found


def digest_of(card: ModelCard, path: Path | str) -> str:
    """The SHA-256 of a model: of its card, or else of its file."""
    return card.digest or checkpoint.digest(generator_file(path))
