"""The result of an evaluation, with all that names it, and the file in the run folder that keeps results."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import isfinite, nan
from pathlib import Path
from typing import Any

from gantool.engine.metrics_file import entries
from gantool.engine.run_names import EVALUATIONS
from gantool.evaluation.scores import Scores
from gantool.files import explaining_writes

FORMAT = 1


@dataclass(frozen=True)
class Pair:
    """A sample, by its seed and class, beside a picture of the data, by its row; the smaller the distance, the more
    alike."""

    seed: int
    label: str | None
    row: int
    distance: float


@dataclass(frozen=True)
class Evaluation:
    """The metrics of a model's samples against the data, and all that they depend on.

    `scores` are those of all pictures, `classes` those of single classes. `notes` are sentences that a reader of the
    numbers should know. `pairs` are the samples most like pictures of the data, on `sheet` side by side.
    """

    model: str
    digest: str
    """SHA-256 of the model's weights and card."""
    images_seen: int
    resolution: int
    channels: int
    data: str
    fingerprint: str | None
    pictures: int
    """The number of pictures in the data."""
    metrics: Mapping[str, str]
    """Each metric with its options, by name."""
    extractor: str
    extractor_digest: str
    flavour: str
    seed: int
    truncation: float
    versions: Mapping[str, str]
    time: str
    scores: Scores
    titles: Mapping[str, Mapping[str, str]]
    """Words for each value, by metric and name."""
    classes: Mapping[str, Scores] = field(default_factory=dict)
    notes: Sequence[str] = ()
    pairs: Sequence[Pair] = ()
    sheet: Path | None = None

    @property
    def n(self) -> int:
        """The number of samples, and of reals in each half."""
        return self.scores.n

    def as_json(self) -> dict[str, Any]:
        """The result in plain values, as `evaluations.jsonl` keeps it; what is not finite is None."""
        own = {
            name: getattr(self, name)
            for name in (
                "time", "model", "digest", "images_seen", "resolution", "channels", "data", "fingerprint", "pictures",
                "n", "seed", "truncation", "extractor", "extractor_digest", "flavour",
            )
        }  # fmt: skip
        return {
            "format": FORMAT,
            **own,
            "metrics": dict(self.metrics),
            "versions": dict(self.versions),
            **_plain_scores(self.scores),
            "titles": {metric: dict(words) for metric, words in self.titles.items()},
            "classes": {name: {"n": scores.n, **_plain_scores(scores)} for name, scores in self.classes.items()},
            "notes": list(self.notes),
            "pairs": [vars(pair) | {"distance": _plain(pair.distance)} for pair in self.pairs],
            "sheet": None if self.sheet is None else str(self.sheet),
        }


def from_json(entry: Mapping[str, Any]) -> Evaluation:
    """The inverse of `as_json`. Raises KeyError, TypeError or ValueError for what is no evaluation of this format."""
    if entry["format"] != FORMAT:
        raise ValueError(f"an evaluation of format {entry['format']}")
    own = {each.name: entry[each.name] for each in fields(Evaluation) if each.name in entry}
    own |= {
        "scores": _scores(entry),
        "classes": {name: _scores(of_class) for name, of_class in entry["classes"].items()},
        "pairs": [Pair(**pair | {"distance": _number(pair["distance"])}) for pair in entry["pairs"]],
        "sheet": None if entry["sheet"] is None else Path(entry["sheet"]),
    }
    return Evaluation(**own)


def _scores(entry: Mapping[str, Any]) -> Scores:
    values, reference = (
        {metric: {name: _number(value) for name, value in own.items()} for metric, own in entry[key].items()}
        for key in ("values", "reference")
    )
    shift = entry["shift"]
    return Scores(entry["n"], values, reference, entry["sentences"], entry["problems"], entry["verdict"], shift)


def _number(value: float | None) -> float:
    return nan if value is None else float(value)


def _plain_scores(scores: Scores) -> dict[str, Any]:
    def plain(values: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
        return {metric: {name: _plain(value) for name, value in own.items()} for metric, own in values.items()}

    return {
        "values": plain(scores.values),
        "reference": plain(scores.reference),
        "sentences": dict(scores.sentences),
        "problems": dict(scores.problems),
        "verdict": scores.verdict,
        "shift": None if scores.shift is None else _plain(scores.shift),
    }


def _plain(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def append(run: Path, evaluation: Evaluation) -> None:
    """Add a line to the run's evaluations, in one piece; a line that a crash cut short before it is ended first.

    Raises TrainingError when the disk is full or the folder cannot be written.
    """
    path = run / EVALUATIONS
    line = json.dumps(evaluation.as_json()) + "\n"
    with explaining_writes(path), path.open("a+b") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else "\n" + line
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def read(run: Path) -> list[dict[str, Any]]:
    """The run's evaluations, oldest first, without lines that cannot be read, such as a last one cut short."""
    return list(entries(run / EVALUATIONS))
