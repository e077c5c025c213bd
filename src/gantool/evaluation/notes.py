"""Sentences that a reader of an evaluation's numbers should know."""

from collections.abc import Iterator, Mapping, Sequence
from math import hypot, nan
from pathlib import Path

from jaxtyping import Int64
from torch import Tensor

from gantool.api.metrics import Pictures
from gantool.engine.model_file import ModelCard
from gantool.evaluation.reals import Reals
from gantool.evaluation.scores import Scores
from gantool.metrics.diversity import diversity
from gantool.metrics.judgement import ERRORS
from gantool.sampling.labels import listed

FEW = 500
ALIKE, LOOKED_AT = 0.1, 256
FARTHER = 2.0
"""So many times the KID of all samples is that of a class which is told of."""


def on_sizes(n: int, asked: int, count: int) -> Iterator[str]:
    """On the number of samples, where another was asked for, and of the data's `count` pictures."""
    if n < min(asked, count // 2):
        yield f"{n:,} samples in place of {asked:,}: more pictures of this size are not kept at once."
    elif n < asked:
        yield f"{n:,} samples in place of {asked:,}: half of the data's {count:,} pictures is the most."
    if n < FEW:
        yield f"Few pictures: below {FEW} in each set numbers scatter."


def on_flattery(learnt: Mapping[str, str], extractor: str) -> Iterator[str]:
    """On a model that is measured by the extractor by which it, or what it began with, has `learnt`."""
    for who, by in learnt.items():
        if by == extractor:
            yield f"{who} learnt by features of {by}, so these numbers flatter it: take another --extractor."


def searched(pictures: int, count: int) -> str:
    """The sentence after a metric that looks for copies among so many of the data's `count` pictures."""
    if pictures + 1 >= count:
        return ""
    return f"Only {pictures:,} of the data's {count:,} pictures were searched; a larger -n searches more."


def on_small_classes(names: Sequence[str], least: int, all_taken: bool) -> Iterator[str]:
    """On classes that were to be measured by themselves and have fewer than `least` pictures in a set."""
    if names:
        more = "" if all_taken else " A larger -n takes more."
        yield f"Too few pictures to measure by themselves, under {least} in a half: {listed(names)}.{more}"


def on_far_classes(whole: Scores, by_class: Mapping[str, Scores]) -> Iterator[str]:
    """On classes of which samples are much farther from the class than all samples from all pictures."""
    usual, error = _kid(whole)
    known = {name: _kid(scores) for name, scores in by_class.items()}
    far = [
        name
        for name, (value, own) in known.items()
        if usual > 0 and value > FARTHER * usual and value - usual > ERRORS * hypot(own, error)
    ]
    if far:
        yield (
            f"By KID samples of {listed(far)} are more than twice as far from pictures of their class as all samples "
            "are from all pictures: look whether they show it."
        )


def _kid(scores: Scores) -> tuple[float, float]:
    """The first KID of the scores with its error; nan where there is none."""
    own = next((own for own in scores.values.values() if {"kid", "kid_error"} <= own.keys()), {})
    return own.get("kid", nan), own.get("kid_error", nan)


def on_colours(card: ModelCard, reals: Reals) -> Iterator[str]:
    """On pictures in colour that are compared with those of a model that is grey."""
    if card.channels == 1 and reals.channels > 1:
        yield f"The data is in colour and the model grey: they are compared in grey, at {card.resolution} pixels."


def on_classes(
    path: Path | str, model: Sequence[str], data: Sequence[str], labels: Int64[Tensor, "m"] | None
) -> Iterator[str]:
    """On classes that only one of the two has; the labels of the data are numbers of the model's classes."""
    if not model:
        return
    if labels is None:
        yield f"The data has no classes of the names of {path}, whose classes are drawn evenly, whatever the data has."
        return
    found = set(labels.tolist())
    if missing := [name for place, name in enumerate(model) if place not in found]:
        yield f"Among the data's pictures that are compared none is of {listed(missing)}: no sample is, either."
    if strange := [name for name in data if name not in set(model)]:
        yield f"{path} cannot draw {listed(strange)}, which the data has."


def on_variety(reals: Pictures, samples: Pictures) -> Iterator[str]:
    """On samples that are all alike, which misleads metrics that take one sample after the other."""
    if diversity(samples.images[:LOOKED_AT], reals.images[:LOOKED_AT]) < ALIKE:
        yield (
            "All samples are nearly alike: the model has collapsed, and shares of samples, such as precision and "
            "copies, are those of one picture."
        )
