"""The results of a grid as a table in Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean, stdev
from typing import Any

from cells import CORES, DEFAULT
from measures import COLUMNS

Row = Mapping[str, Any]
"""One line of results.jsonl."""

KID = "KID x 1000"
TITLES = ("pictures", "number", "length", "architecture", "variant", "seeds", "images seen", "minutes", *COLUMNS)


@dataclass(frozen=True)
class Spread:
    """A mean and what it may be off: the standard deviation over seeds, and not less than the mean standard error."""

    mean: float
    off: float

    def __str__(self) -> str:
        return _short(self.mean) + (f" ± {_short(self.off, 2)}" if self.off else "")


def table(rows: Sequence[Row]) -> str:
    """A row for each variant in its cell. KID is bold where it is the best and its interval below the default's."""
    lines = ["| " + " | ".join(TITLES) + " |", "|" + "---|" * len(TITLES)]
    for _, cell in groupby(sorted(rows, key=_place), key=_place):
        variants = _by_variant(cell)
        best = _best(variants)
        lines += ["| " + " | ".join(_line(some, name == best)) + " |" for name, some in variants.items()]
    return "\n".join(lines)


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """What is to be known beside the table."""
    by_extractor: dict[str, set[str]] = {}
    for row in rows:
        if row["extractor"]:
            by_extractor.setdefault(row["extractor"], set()).add(row["architecture"])
    for extractor, architectures in by_extractor.items():
        yield f"Features of {', '.join(sorted(architectures))}: {extractor}. Compare values of the same features only."
    for (pictures, extractor), row in {(row["pictures"], row["extractor"]): row for row in rows}.items():
        if extractor:
            values = ", ".join(f"{title} {_short(value)}" for title, value in row["reference"].items())
            yield f"Other real pictures of {pictures}, by {extractor}: {values}."
    if any(row["images"] for row in rows):
        yield "Minutes are those of the clock."
    elif rows:
        yield f"Minutes are of one processor: {CORES} for a minute on {CORES} cores."
    for row in rows:
        if row["failed"]:
            yield f"{row['name']} failed: {row['failed']}"


def spread(rows: Sequence[Row], title: str) -> Spread | None:
    """A column's values over seeds; None without any."""
    values = [row["values"][title] for row in rows if title in row["values"]]
    if not values:
        return None
    errors = [row["errors"][title] for row in rows if title in row["errors"]]
    off = stdev(values) if len(values) > 1 else 0.0
    return Spread(fmean(values), max(off, fmean(errors)) if errors else off)


def _place(row: Row) -> tuple[Any, ...]:
    return row["pictures"], row["number"] or float("inf"), row["minutes"], row["images"], row["architecture"]


def _by_variant(rows: Iterator[Row]) -> dict[str, list[Row]]:
    """The rows of each variant, in the order in which they come: that of the grid."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["variant"], []).append(row)
    return found


def _best(variants: Mapping[str, Sequence[Row]]) -> str:
    """The variant with the least KID where that is apart from the default's; else none."""
    spreads = {name: found for name, rows in variants.items() if (found := spread(rows, KID)) is not None}
    default = spreads.get(DEFAULT)
    if default is None:
        return ""
    best = min(spreads, key=lambda name: spreads[name].mean)
    return best if spreads[best].mean + spreads[best].off < default.mean - default.off else ""


def _short(value: float, digits: int = 3) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"


def _line(rows: Sequence[Row], is_best: bool) -> list[str]:
    first, judged = rows[0], [row for row in rows if not row["failed"]]
    seeds = f"{len(rows)}" + (f", {len(rows) - len(judged)} failed" if len(judged) < len(rows) else "")
    minutes = fmean(row["clock_minutes" if row["images"] else "processor_minutes"] for row in rows)
    length = f"{first['images']:,} images" if first["images"] else f"{first['minutes']:g} min"
    cells = [
        first["pictures"], f"{first['number']:,}" if first["number"] else "all", length, first["architecture"],
        first["variant"], seeds, f"{fmean(row['images_seen'] for row in rows):,.0f}", _short(minutes),
    ]  # fmt: skip
    for title in COLUMNS:
        found = spread(rows, title)
        text = "" if found is None else str(found)
        cells.append(f"**{text}**" if title == KID and is_best else text)
    return cells
