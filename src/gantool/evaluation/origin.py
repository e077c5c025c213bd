"""Where a model comes from, and whether it can be measured beside another, on the same data."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from gantool.engine import checkpoint
from gantool.engine.model_file import ModelCard
from gantool.engine.own_data import is_other
from gantool.errors import GantoolError, OptionError
from gantool.evaluation.reals import Reals
from gantool.run.folder import load_config
from gantool.sampling.labels import listed
from gantool.sampling.locate import generator_file, run_of

_ON_LABELS = re.compile(r".+ was trained with(out labels| the labels .+), and .+ with(out labels| the labels .+)\.")
"""The sentences of `on_labels`."""


def check_shape(card: ModelCard, path: Path | str, first: Path | str, of_first: ModelCard) -> None:
    """Raise OptionError for a model whose pictures are of another shape than those of the first."""
    if (card.resolution, card.channels) != (of_first.resolution, of_first.channels):
        raise OptionError(
            f"{path} draws {card.resolution} pixels in {card.channels} channels, and {first} {of_first.resolution} in "
            f"{of_first.channels}: they cannot be compared."
        )


def on_data(path: Path | str, reals: Reals) -> Iterator[str]:
    """On a model of a run that was trained on other pictures than these, or on these before they changed."""
    run = run_of(path)
    if run is None:
        return
    folder = generator_file(path).parent
    newest = folder if checkpoint.is_one(folder) else checkpoint.newest(run)
    count, fingerprint = (None if newest is None else checkpoint.data_of(newest)) or (None, None)
    try:
        data = load_config(run).data
    except GantoolError:
        return
    known = None not in (fingerprint, reals.fingerprint)
    if is_other(reals.data, reals.fingerprint, data, fingerprint):
        yield (
            f"{path} was trained on other data, {data.partition(',')[0]}: it has not seen the pictures here. "
            "If a value puts it nearer to them than another model, look at its samples before you believe it."
        )
    elif known and fingerprint != reals.fingerprint:
        yield (
            f"The data has changed since {path} was trained: {count:,} pictures then and {len(reals):,} now, or others "
            "of the same number. It is measured by those of now."
        )


def on_labels(path: Path | str, card: ModelCard, first: Path | str, of_first: ModelCard) -> Iterator[str]:
    """On a model with other classes than the first, to which it is compared."""
    if card.class_names != of_first.class_names:
        yield f"{path} was trained {_labels(card)}, and {first} {_labels(of_first)}."


def compared(notes: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Notes of an earlier comparison, maybe with another first model, with those of `on_labels` in place of its own."""
    return (*(note for note in notes if not _ON_LABELS.fullmatch(note)), *others)


def _labels(card: ModelCard) -> str:
    return f"with the labels {listed(card.class_names)}" if card.class_names else "without labels"
