"""The lines of metrics.jsonl, which a crash may have cut short and which anybody may have written."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gantool.reading import lines, parse_json


def entry_of(line: str) -> dict[str, Any] | None:
    """The values of a line, with `images_seen` as an integer; None if it is no line of metrics."""
    try:
        entry = dict(parse_json(line))
        entry["images_seen"] = int(entry["images_seen"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return entry


def entries(path: Path) -> Iterator[dict[str, Any]]:
    """The values of every line; lines that are none of metrics are skipped, and a missing file has none."""
    if path.is_file():
        yield from (entry for line in lines(path) if (entry := entry_of(line)) is not None)
