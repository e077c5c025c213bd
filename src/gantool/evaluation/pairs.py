"""Samples beside the pictures of the data that they are most like, on one sheet."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Int64
from torch import Tensor

from gantool.api.metrics import Metric, Pictures
from gantool.evaluation.result import Pair
from gantool.render.grids import enlargement, sheet
from gantool.render.pictures import save_pictures

COLUMNS, SIDE = 4, 96
CAPTION = "sample | real"
"""Below each pair, whose halves are so."""
FOLDER = "evaluations"

Found = Sequence[tuple[int, int, float]]
"""Row of the sample, row of the real, distance."""


def closest(metrics: Mapping[str, Metric], reals: Pictures, samples: Pictures) -> Found:
    """The pairs of the first metric that has any."""
    for metric in metrics.values():
        if found := metric.pairs(reals, samples):
            return found
    return ()


def named(
    found: Found, seeds: range, rows: Int64[Tensor, "m"], labels: Int64[Tensor, "n"] | None, names: Sequence[str]
) -> list[Pair]:
    """The pairs by the seeds and classes of the samples and the rows of the data."""
    return [
        Pair(seeds[sample], None if labels is None else names[int(labels[sample])], int(rows[real]), distance)
        for sample, real, distance in found
    ]


def write_sheet(path: Path, found: Found, reals: Pictures, samples: Pictures) -> None:
    """Write a sheet of the pairs, each a sample with the picture of the data at its right."""
    together = torch.stack(
        [torch.cat([samples.images[sample], reals.images[real]], dim=-1) for sample, real, _ in found]
    )
    scale = enlargement(together.shape[-2], SIDE)
    drawn = sheet(together, min(COLUMNS, len(found)), scale=scale, captions=[CAPTION] * len(found))
    save_pictures([drawn], [path], overwrite=True)
