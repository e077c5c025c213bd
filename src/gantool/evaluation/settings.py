"""The settings of an evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass

from gantool.plugins.selection import Chosen

AUTO = "auto"
STANDARD = ("kid", "precision-recall", "density-coverage", "memorisation", "diversity", "swd", "spectrum")
N, BATCH = 2000, 16
"""A minute on two cores; on them, batches of 16 stay in the processor's cache."""


@dataclass(frozen=True)
class Settings:
    """The settings of an evaluation.

    `data` is in the grammar of `--data` (None: that of the model's run), metrics and extractor in that of their flags.
    `classes`, by name or index, are measured by themselves as well (None: all of them; empty: none).
    """

    data: str | None = None
    n: int = N
    metrics: Sequence[str] = STANDARD
    extractor: str = AUTO
    classes: Sequence[str | int] | None = ()
    seed: int = 0
    device: str = "auto"
    batch: int = BATCH


def by_name(chosen: Sequence[Chosen]) -> dict[str, Chosen]:
    """Metrics by name, those of one name with other options by their text."""
    names = [one.spec.name for one in chosen]
    return {one.text if names.count(one.spec.name) > 1 else one.spec.name: one for one in chosen}
