"""The evaluations of a run, as `gantool evaluate` keeps them: values beside those of real pictures, and sentences."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from pathlib import Path
from typing import Any

from gantool.api.metrics import ERROR, is_error
from gantool.engine.metrics_file import entries
from gantool.report.scale import shown

_DETAILS = re.compile(r" \([^)]*,[^)]*\)")
"""The extractor and its flavour in a title, which the page names once."""
_MINUS = re.compile(r"(?<!\w)-(?=\d)")
COMPARABLE = ("n", "data", "fingerprint", "extractor", "extractor_digest", "flavour", "seed", "truncation")
"""What evaluations must have in common for their values to be compared, beside the options of the metric."""
CHOICE = "Features by"
"""The beginning of the note on the choice of the extractor, which the page names anyway."""

Key = tuple[str, str]
"""A metric with its options and the name of a value, which later versions keep where they change the title."""


@dataclass(frozen=True)
class Value:
    """A value of a metric: that of samples, with its standard error, and that of other real pictures."""

    key: Key
    title: str
    number: float
    deviation: float | None
    beside: float | None
    beside_deviation: float | None = None

    @property
    def samples(self) -> str:
        """The value of samples as a page shows it, in as many digits as its error leaves."""
        return _rounded(self.number, self.deviation)

    @property
    def error(self) -> str:
        """Its standard error."""
        return _rounded(self.deviation, self.deviation) if self.deviation else ""

    @property
    def reference(self) -> str:
        """The value of other real pictures."""
        return "" if self.beside is None else _rounded(self.beside, self.beside_deviation)

    @property
    def reference_error(self) -> str:
        """The standard error of that value."""
        return _rounded(self.beside_deviation, self.beside_deviation) if self.beside_deviation else ""


@dataclass(frozen=True)
class Measure:
    """The values of a metric, and the sentence that reads them, or says why there are none."""

    metric: str
    values: Sequence[Value]
    sentence: str


@dataclass(frozen=True)
class OfClass:
    """The values of one class of n samples."""

    name: str
    n: int
    by_key: Mapping[Key, Value]


@dataclass(frozen=True)
class Evaluation:
    """One evaluation: what it was made of, its metrics, those of single classes, and what to know of its numbers."""

    images_seen: int
    n: int
    seed: int
    data: str
    extractor: str
    verdict: str
    measures: Sequence[Measure]
    classes: Sequence[OfClass]
    notes: Sequence[str]
    kind: tuple[str, ...]
    """Evaluations can be compared if they are of one kind."""
    own: bool = True
    """True where it is against the pictures that the run was trained on."""

    @property
    def by_key(self) -> dict[Key, Value]:
        """The values, by metric and name."""
        return {value.key: value for measure in self.measures for value in measure.values}


def evaluations_in(path: Path, own: Callable[[str, str | None], bool]) -> list[Evaluation]:
    """All evaluations in a file, oldest first; damaged lines are left out, and a missing file has none.

    Of the same evaluation made again, only the last is there. `own` tells data that the run was trained on, by its text
    and its fingerprint.
    """
    found = [made for entry in entries(path) if (made := _evaluation(entry, own)).measures]
    last = {(one.kind, one.images_seen, tuple(one.by_key), len(one.classes)): at for at, one in enumerate(found)}
    return [found[at] for at in sorted(last.values())]


def distinct(titles: Mapping[Key, str]) -> dict[Key, str]:
    """Titles of values by metric and name, with the metric where two metrics have the same title."""
    words = list(titles.values())
    return {key: f"{title} of {key[0]}" if words.count(title) > 1 else title for key, title in titles.items()}


def told(metric: str, sentence: str) -> str:
    """What a metric says, after its options where it is one of several of its name, which those tell apart."""
    return f"{metric}: {sentence}" if ":" in metric and sentence else sentence


def _evaluation(entry: Mapping[str, Any], own_data: Callable[[str, str | None], bool]) -> Evaluation:
    problems, options = _table(entry.get("problems")), _table(entry.get("metrics"))
    extractor = str(entry.get("extractor", "")).partition(":")[0]
    titles = {
        metric: {name: _DETAILS.sub("", str(title), 1).replace(f" ({extractor})", "") for name, title in own.items()}
        for metric, own in _tables(entry.get("titles")).items()
    }
    measures = _measures(entry, titles, options)
    measures += [Measure(metric, (), f"{metric}: {why}") for metric, why in problems.items()]
    classes = [
        OfClass(name, _count(own.get("n")), {
            value.key: value
            for measure in _measures(own, titles, options) for value in measure.values
        })
        for name, own in _tables(entry.get("classes")).items()
    ]  # fmt: skip
    notes, data, fingerprint = entry.get("notes"), str(entry.get("data", "")), entry.get("fingerprint")
    return Evaluation(
        entry["images_seen"], _count(entry.get("n")), _count(entry.get("seed")), data,
        extractor, str(entry.get("verdict", "")), measures, classes,
        [str(note) for note in notes if not str(note).startswith(CHOICE)] if isinstance(notes, list) else (),
        tuple(str(entry.get(name)) for name in COMPARABLE),
        own_data(data, fingerprint if isinstance(fingerprint, str) else None),
    )  # fmt: skip


def _measures(
    entry: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]], options: Mapping[str, Any]
) -> list[Measure]:
    values, reference = (_tables(entry.get(name)) for name in ("values", "reference"))
    sentences = _table(entry.get("sentences"))
    named = ((metric, name) for metric, own in values.items() for name in own)
    worded = distinct({(metric, name): titles.get(metric, {}).get(name, name) for metric, name in named})
    return [
        Measure(
            metric,
            [
                Value(
                    (str(options.get(metric, metric)), name), worded[metric, name], number,
                    _number(own.get(name + ERROR)), _number(reference.get(metric, {}).get(name)),
                    _number(reference.get(metric, {}).get(name + ERROR)),
                )
                for name, value in own.items()
                if not is_error(name, own) and (number := _number(value)) is not None
            ],
            _MINUS.sub("−", told(metric, str(sentences.get(metric, "")))),
        )
        for metric, own in values.items()
    ]  # fmt: skip


def _rounded(number: float, deviation: float | None) -> str:
    decimals = -floor(log10(deviation)) if deviation else 0
    return (
        shown(number) if decimals < 1 else f"{round(number, decimals) + 0.0:.{decimals}f}".replace("-", "−")
    )  # no -0.0


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if known else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> dict[str, Mapping[str, Any]]:
    return {name: inner for name, inner in _table(value).items() if isinstance(inner, dict)}
