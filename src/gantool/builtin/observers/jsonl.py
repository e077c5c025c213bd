"""metrics.jsonl: one line for each tick, measurement and warning, in the order of images seen."""

import json
from math import isfinite
from pathlib import Path
from typing import Any

from gantool.api.events import Event, Measured, Started, Tick, Warned
from gantool.api.observers import Observer
from gantool.builtin.observers import JsonlOptions
from gantool.builtin.observers.history import chance_of
from gantool.engine.metrics_file import entry_of
from gantool.engine.run_names import METRICS
from gantool.files import explaining_writes, write_atomically
from gantool.reading import lines


class Jsonl(Observer):
    """Appends events to metrics.jsonl; on resume, lines that the run will repeat are cut off first."""

    def __init__(self, options: JsonlOptions) -> None:
        self._path: Path | None = None
        self._repeated: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Append the event."""
        if isinstance(event, Started):
            self._path = event.run / METRICS
            self._repeated = keep_until(self._path, event.images_seen)
        elif isinstance(event, Tick):
            scalars = {name: plain(value) for name, value in {**event.status, **event.scalars}.items()}
            # Digits rather than decimals, as time is told by it, which may be long for an image.
            speed = plain(float(f"{event.images_per_second:.4g}"))
            self._write({"images_seen": event.images_seen, "images_per_second": speed, **scalars})
        elif isinstance(event, Measured):
            score = {} if event.score is None else {"score": plain(event.score)}
            if event.chance and event.chance != chance_of(event.values):  # which the watch's values tell
                score["chance"] = plain(event.chance)
            values = {name: plain(value) for name, value in event.values.items()}
            self._write({"images_seen": event.images_seen, **values, **score})
        elif isinstance(event, Warned):
            self._write({"images_seen": event.images_seen, "warning": event.message})

    def _write(self, line: dict[str, Any]) -> None:
        text = json.dumps(line)
        if self._path is not None and text not in self._repeated:
            with explaining_writes(self._path), self._path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"{text}\n")


def keep_until(path: Path, images_seen: int) -> set[str]:
    """Drop lines beyond `images_seen`, and a last line that a crash cut short; a run that begins has none.

    Returns the lines that a resumed run would tell again: those of `images_seen` itself, and all warnings.
    """
    if not path.is_file():
        return set()
    if not images_seen:
        path.unlink()
        return set()
    repeated: set[str] = set()

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            for line in map(str.rstrip, lines(path)):
                entry = entry_of(line)
                if entry is None or entry["images_seen"] > images_seen:
                    continue
                file.write(f"{line}\n")
                if entry["images_seen"] == images_seen or "warning" in entry:
                    repeated.add(json.dumps({**entry, "images_seen": images_seen}))

    write_atomically(path, write)
    return repeated


def plain(value: float) -> float | None:
    """The value as it is written: six digits, and null where it is not finite, which JSON cannot have."""
    return float(f"{value:.6g}") if isfinite(value) else None
