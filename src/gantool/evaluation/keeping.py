"""An evaluation written down: a line in its run, and the sheet of the closest pairs."""

import hashlib
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gantool.api.metrics import Metric, Pictures
from gantool.engine.run_names import EVALUATIONS, by_images
from gantool.errors import GantoolError, sentence
from gantool.evaluation import pairs, result
from gantool.evaluation.result import Evaluation
from gantool.sampling.locate import run_of

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
        name = f"{by_images(found.images_seen)}-n{found.n}-seed{found.seed}-{_key(found)}-pairs.png"
        out = run / pairs.FOLDER / name
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


def found_in(run: Path | None, named: Mapping[str, Any], n: int) -> Evaluation | None:
    """The last evaluation of a run that depends on just this, of n samples; None where there is none.

    `named` is what names an evaluation. Data without a fingerprint may have changed, so nothing is found for it.
    """
    wanted = {name: value for name, value in named.items() if name not in ("model", "time", "versions")}
    if run is None or wanted["fingerprint"] is None:
        return None
    for entry in reversed(result.read(run)):
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            if entry["n"] == n and all(entry[name] == value for name, value in wanted.items()):
                return replace(result.from_json(entry), model=str(named["model"]))
    return None


def kept_in(found: Evaluation) -> Path | None:
    """The file of the run that keeps evaluations of this model; None for a model of no run, or where there is none."""
    run = run_of(found.model)
    return run / EVALUATIONS if run is not None and (run / EVALUATIONS).is_file() else None


def _key(found: Evaluation) -> str:
    """Eight digits that tell evaluations apart which may have other pairs."""
    what = found.digest, found.data, found.fingerprint, found.extractor, found.extractor_digest
    return hashlib.sha256(repr((*what, *found.metrics.values())).encode()).hexdigest()[:8]
