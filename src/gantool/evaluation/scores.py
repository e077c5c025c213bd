"""Metrics of one set of samples, each beside the same of other real pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import copysign, hypot, isnan, nan
from typing import NamedTuple, SupportsFloat

import torch
from torch import Tensor

from gantool.api.metrics import ERROR, Metric, Pictures, is_error
from gantool.errors import PluginError
from gantool.evaluation.verdict import verdict
from gantool.metrics.judgement import FAR, shift, written
from gantool.progress import report

Values = Mapping[str, Mapping[str, float]]
"""Values by metric and name."""
FEWEST = 50
"""The least pictures of which a sentence is made: of fewer, errors are as large as what is to be told apart."""
UNREAD = "no measure of quality or variety here, since samples are far from the data."
TAKES = f"it takes at least {FEWEST} of each: -n {FEWEST} or more, and data of {2 * FEWEST} or more"


@dataclass(frozen=True)
class Scores:
    """The values of n samples, those of n reals against n others (`reference`), and a sentence that reads them.

    All are by metric. A metric that could not be measured has a sentence in `problems` and no values. `verdict` is what
    all of them say together, or that pictures are too few; `shift` is how far the samples' features lie from those of
    the data, in units of its spread, and None without features.
    """

    n: int
    values: Values
    reference: Values
    sentences: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)
    verdict: str = ""
    shift: float | None = None

    @property
    def far(self) -> bool:
        """Whether samples hardly overlap with the data."""
        return self.shift is not None and self.shift >= FAR


class Sets(NamedTuple):
    """Pictures of the data: one half for samples to be compared with, the other for the reference, and all of them."""

    half: Pictures
    other: Pictures
    both: Pictures


def halved(both: Pictures) -> Sets:
    """The first half of the pictures, the second, and all."""
    n = len(both) // 2
    return Sets(both.take(slice(0, n)), both.take(slice(n, None)), both)


@dataclass
class Measuring:
    """Metrics, by name, against two halves of the data; each reference is measured once."""

    metrics: Mapping[str, Metric]
    reals: Sets
    references: dict[tuple[str, int, str], Mapping[str, float]] = field(default_factory=dict)
    """By metric, number of pictures and class."""
    searched: str = ""
    """What is to be said after metrics that compare with all pictures of the data."""
    called: Mapping[str, str] = field(default_factory=dict)
    """The words for each metric in errors, with its plugin."""

    def whole(self, samples: Pictures) -> Scores:
        """All metrics of all pictures."""
        return self._scores(self.metrics, self.reals, samples, "")

    def of_class(self, samples: Pictures, label: int, name: str, least: int) -> Scores | None:
        """The metrics of features, of one class; None where any of the three sets has fewer than `least` of it."""
        sets = [_of(pictures, label) for pictures in (self.reals.half, self.reals.other, samples)]
        n = min(map(len, sets))
        if n < least:
            return None
        half, other, drawn = (pictures.take(slice(n)) for pictures in sets)
        featured = {name: metric for name, metric in self.metrics.items() if metric.uses == "features"}
        return self._scores(featured, Sets(half, other, _joined(half, other)), drawn, name)

    def _scores(self, metrics: Mapping[str, Metric], reals: Sets, samples: Pictures, label: str) -> Scores:
        values, reference, problems = {}, {}, {}
        for done, (name, metric) in enumerate(metrics.items(), 1):
            try:
                found = metric(reals.both if metric.against_all else reals.half, samples)
                key = name, len(samples), label
                beside = self.references.get(key) or metric(reals.half, reals.other)
            except ValueError as error:  # sets that are too small
                problems[name] = str(error)
            else:
                called = self.called.get(name, f"Metric {name!r}")
                values[name], reference[name] = _floats(found, called), _floats(beside, called)
                self.references[key] = reference[name]
            report(f"metrics of {label}" if label else "metrics", done, len(metrics))
        own, drawn = reals.half.features, samples.features
        apart = None if own is None or drawn is None else shift(own, drawn)
        scores = Scores(len(samples), values, reference, {}, problems, "", apart)
        sentences = {name: self._sentence(name, metrics[name], scores) for name in values}
        flat = [{key: value for found in each.values() for key, value in found.items()} for each in (values, reference)]
        whole = verdict(flat[0], flat[1], apart)
        if scores.n < FEWEST:
            whole = "" if label else f"{scores.n} pictures are too few to say anything of the model: {TAKES}."
        return replace(scores, sentences=sentences, verdict=whole)

    def _sentence(self, name: str, metric: Metric, scores: Scores) -> str:
        """What a metric says, or why it says nothing."""
        if scores.n < FEWEST:
            return ""
        if metric.needs_overlap and scores.far:
            said = f"{name}: {UNREAD}"
        else:
            said = metric.read(scores.values[name], scores.reference[name])
        return f"{said} {self.searched}".strip() if metric.against_all else said


def titles(metrics: Mapping[str, Metric], extractor: str, scores: Scores) -> dict[str, dict[str, str]]:
    """The words for each value and error by metric and name, given those for the extractor."""
    found: dict[str, dict[str, str]] = {}
    for metric, values in scores.values.items():
        words = {name: metrics[metric].title(name, extractor, scores.n) for name in values}
        errors = {name: name.removesuffix(ERROR) for name in values if is_error(name, values)}
        found[metric] = words | {name: f"{words[of]}, standard error" for name, of in errors.items()}
    return found


def in_digits(values: Mapping[str, float], name: str) -> tuple[str, str]:
    """A value of a metric and its error, in the digits that its sentence has."""
    return written(values[name], values.get(f"{name}{ERROR}"))


def better(metric: Metric, key: str, name: str, one: Scores, other: Scores) -> int:
    """0 if the first value of a metric, by its key, is the better one, 1 if the second is, -1 if neither is for sure.

    It has to be better by more than twice their errors, so without errors none is; nor is one of few pictures, or where
    the metric measures nothing.
    """
    unread = any(scores.n < FEWEST or (metric.needs_overlap and scores.far) for scores in (one, other))
    errors = [scores.values.get(key, {}).get(name + ERROR, nan) for scores in (one, other)]
    losses = [_loss(metric, key, name, scores) for scores in (one, other)]
    if unread or not abs(losses[0] - losses[1]) > 2 * hypot(*errors):
        return -1
    return 0 if losses[0] < losses[1] else 1


def best(metric: Metric, key: str, name: str, several: Sequence[Scores]) -> set[int]:
    """The places of the best value and of those that are not known to be worse; none where that is all of them."""
    losses = [_loss(metric, key, name, scores) for scores in several]
    known = [place for place, value in enumerate(losses) if not isnan(value)]
    if not known:
        return set()
    first = min(known, key=lambda place: losses[place])
    found = {place for place in known if better(metric, key, name, several[first], several[place]) != 0}
    return found if len(found) < len(known) else set()


def opposed(one: Scores, other: Scores) -> bool:
    """True if by KID one of two models is nearer to the data and by SWD the other, each by a tenth or more."""
    sides = []
    for name in ("kid", "swd"):
        values = [next((own[name] for own in each.values.values() if name in own), nan) for each in (one, other)]
        apart = values[0] - values[1]
        sides.append(copysign(1, apart) if abs(apart) > 0.1 * max(map(abs, values)) else 0)
    return sides[0] * sides[1] < 0


def _loss(metric: Metric, key: str, name: str, scores: Scores) -> float:
    """How far a value is on the worse side of other reals', than which none is better; nan where that is unknown."""
    beyond = scores.values.get(key, {}).get(name, nan) - scores.reference.get(key, {}).get(name, nan)
    wanted = metric.better.get(name)
    if wanted is None or isnan(beyond):
        return nan
    return {"lower": max(beyond, 0.0), "higher": max(-beyond, 0.0), "near": abs(beyond)}[wanted]


def _floats(values: object, called: str) -> dict[str, float]:
    """The values that a metric returned. Raises PluginError unless they are numbers by name."""
    remedy = "A metric returns a mapping from names to numbers."
    if not isinstance(values, Mapping):
        raise PluginError(f"{called} returned {values!r:.80}. {remedy}")
    found = {}
    for name, value in values.items():
        try:
            if not isinstance(name, str) or not isinstance(value, SupportsFloat):
                raise TypeError
            found[name] = float(value)
        except (TypeError, ValueError, RuntimeError) as error:  # as of a tensor with several values
            raise PluginError(f"{called} returned {value!r:.80} as {name!r}, which is no number. {remedy}") from error
    return found


def _of(pictures: Pictures, label: int) -> Pictures:
    labels: Tensor | None = pictures.labels
    return pictures.take(slice(0) if labels is None else torch.nonzero(labels == label)[:, 0])


def _joined(one: Pictures, other: Pictures) -> Pictures:
    def both(first: Tensor | None, second: Tensor | None) -> Tensor | None:
        return None if first is None or second is None else torch.cat([first, second])

    return Pictures(
        torch.cat([one.images, other.images]),
        both(one.features, other.features),
        both(one.mirrored, other.mirrored),
        both(one.labels, other.labels),
    )
