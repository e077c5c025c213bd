"""The evaluations of a run, as `gantool evaluate` keeps them: values beside those of real pictures, and sentences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantool.engine.metrics_file import entries
from gantool.report.scale import shown

ERROR = "_error"
"""The end of the name of a value's standard error."""
_DETAILS = re.compile(r" \([^)]*,[^)]*\)")
"""The extractor and its flavour in a title, which the page names once."""
COMPARABLE = ("n", "data", "fingerprint", "extractor", "extractor_digest", "flavour", "metrics", "seed", "truncation")
"""What evaluations must have in common for their values to be compared."""


@dataclass(frozen=True)
class Value:
    """A value of a metric: that of samples, with its standard error, and that of other real pictures.

    `key` is the metric's name and the value's, which later versions of a metric keep where they change the title.
    """

    key: tuple[str, str]
    title: str
    samples: str
    error: str
    reference: str


@dataclass(frozen=True)
class Measure:
    """The values of a metric, and the sentence that reads them, or says why there are none."""

    values: Sequence[Value]
    sentence: str


@dataclass(frozen=True)
class Evaluation:
    """One evaluation: what it was made of, and its metrics."""

    images_seen: int
    n: int
    extractor: str
    measures: Sequence[Measure]
    kind: tuple[str, ...]
    """Evaluations can be compared if they are of one kind."""

    @property
    def by_key(self) -> dict[tuple[str, str], Value]:
        """The values, by metric and name."""
        return {value.key: value for measure in self.measures for value in measure.values}


def evaluations_in(path: Path) -> list[Evaluation]:
    """All evaluations in a file, oldest first; damaged lines are left out, and a missing file has none."""
    return [made for entry in entries(path) if (made := _evaluation(entry)).measures]


def course(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """The last evaluation at each number of images, of those that can be compared with the last of all."""
    alike = [one for one in evaluations if one.kind == evaluations[-1].kind]
    return sorted({one.images_seen: one for one in alike}.values(), key=lambda one: one.images_seen)


def distinct(titles: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Titles of values by metric and name, with the metric where two metrics have the same title."""
    words = list(titles.values())
    return {key: f"{title} of {key[0]}" if words.count(title) > 1 else title for key, title in titles.items()}


def told(metric: str, sentence: str) -> str:
    """What a metric says, after its options where it is one of several of its name, which those tell apart."""
    return f"{metric}: {sentence}" if ":" in metric and sentence else sentence


def _evaluation(entry: Mapping[str, Any]) -> Evaluation:
    values, reference, titles = (_tables(entry.get(name)) for name in ("values", "reference", "titles"))
    sentences, problems = (_table(entry.get(name)) for name in ("sentences", "problems"))
    named = ((metric, name) for metric, own in values.items() for name in own)
    worded = distinct({(metric, name): str(titles.get(metric, {}).get(name, name)) for metric, name in named})
    measures = [
        Measure(_values(metric, own, reference.get(metric, {}), worded), told(metric, str(sentences.get(metric, ""))))
        for metric, own in values.items()
    ]
    measures += [Measure((), f"{metric}: {why}") for metric, why in problems.items()]
    n, extractor = entry.get("n"), str(entry.get("extractor", "")).partition(":")[0]
    kind = tuple(str(entry.get(name)) for name in COMPARABLE)
    return Evaluation(entry["images_seen"], n if isinstance(n, int) else 0, extractor, measures, kind)


def _values(
    metric: str, own: Mapping[str, Any], reference: Mapping[str, Any], titles: Mapping[tuple[str, str], str]
) -> list[Value]:
    return [
        Value(
            (metric, name), _DETAILS.sub("", titles[metric, name], 1), _number(value), _number(own.get(name + ERROR)),
            _number(reference.get(name)),
        )
        for name, value in own.items() if not name.endswith(ERROR)
    ]  # fmt: skip


def _number(value: Any) -> str:
    return shown(value) if isinstance(value, int | float) else ""


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> dict[str, Mapping[str, Any]]:
    return {name: inner for name, inner in _table(value).items() if isinstance(inner, dict)}
