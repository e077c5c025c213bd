"""Results as tables in Markdown: a row for each setting on each data set, over its seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from statistics import mean, median, stdev
from typing import Any

Row = Mapping[str, Any]
"""One line of results.jsonl."""

EARLY = 0.25
"""A broken run counts as caught when it was warned of within this part of its length."""


def strategies(rows: Sequence[Row]) -> str:
    """What every strategy reached; mean and standard deviation over seeds."""
    counted = ("modes found", "of", "KL", "recognised", "variety", "SWD", "collapsed", "CPU s")
    titles = ("strategy", "network", "data", *counted)
    return _table(titles, [_strategy(group) for group in _grouped(rows)])


def alarms(rows: Sequence[Row]) -> str:
    """Which settings collapsed, and of which the runs were warned of, how early."""
    titles = ("half", "setting", "network", "data", "modes found", "of", "SWD", "collapsed", "warned", "latest at")
    return _table(titles, [_alarm(group) for group in _grouped(rows)])


def summary(rows: Sequence[Row]) -> list[str]:
    """For each half one line: how many collapsed runs were caught, how many others were warned of."""
    lines = []
    for half in sorted({row["half"] for row in rows}):
        mine = [row for row in rows if row["half"] == half]
        failed = [row for row in mine if row["collapse"]]
        sound = [row for row in mine if not row["collapse"]]
        early = sum(at is not None and at <= EARLY for at in map(warned_after, failed))
        late = sum(at is not None for at in map(warned_after, failed)) - early
        alarmed = sum(warned_after(row) is not None for row in sound)
        lines.append(
            f"{half or 'all'}: {len(mine)} runs. Collapsed {len(failed)}, of these warned of within {EARLY:.0%} of the "
            f"run {early}, later {late}, never {len(failed) - early - late}. Did not collapse {len(sound)}, of these "
            f"warned of {alarmed}."
        )
    return lines


def warned_after(row: Row) -> float | None:
    """The part of the run after which it was first warned of."""
    return None if row["warned_at"] is None else row["warned_at"] / row["images"]


def _strategy(rows: Sequence[Row]) -> list[str]:
    first = rows[0]
    return [
        first["setting"], first["network"], first["data"], _spread(rows, "found", "{:.0f}"), f"{first['expected']:.0f}",
        _spread(rows, "kl", "{:.2f}"), _spread(rows, "recognised", "{:.2f}"), _spread(rows, "variety", "{:.2f}"),
        _spread(rows, "swd", "{:.1f}"), _part(rows, lambda row: bool(row["collapse"])),
        f"{median(row['seconds'] for row in rows):.0f}",
    ]  # fmt: skip


def _alarm(rows: Sequence[Row]) -> list[str]:
    first = rows[0]
    at = [part for part in map(warned_after, rows) if part is not None]
    expected = first["expected"]
    return [
        first["half"], first["setting"], first["network"], first["data"], _spread(rows, "found", "{:.0f}"),
        "" if expected is None else f"{expected:.0f}", _spread(rows, "swd", "{:.1f}"),
        _part(rows, lambda row: bool(row["collapse"])), f"{len(at)}/{len(rows)}", f"{max(at):.0%}" if at else "",
    ]  # fmt: skip


def _grouped(rows: Sequence[Row]) -> Iterable[Sequence[Row]]:
    """Runs that differ in the seed only, in the order in which their settings first occur."""
    order = {key: place for place, key in reversed(list(enumerate(map(_key, rows))))}
    for _, group in groupby(sorted(rows, key=lambda row: order[_key(row)]), _key):
        yield list(group)


def _key(row: Row) -> tuple[str, str, str]:
    return row["setting"], row["network"], row["data"]


def _spread(rows: Sequence[Row], key: str, form: str) -> str:
    values = [row[key] for row in rows if row[key] is not None]
    if not values:
        return ""
    middle = form.format(mean(values))
    return middle if len(values) < 2 else f"{middle} ± {form.format(stdev(values))}"


def _part(rows: Sequence[Row], holds: Callable[[Row], bool]) -> str:
    return f"{sum(map(holds, rows))}/{len(rows)}"


def _table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, ["---"] * len(titles), *lines))
