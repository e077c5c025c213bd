"""How often does the watch err? Replay its rules over the metrics of runs that are known to be healthy or broken.

    python benchmarks/watch.py RUN... [--broken GLOB]... [--set OPTION=VALUE]... [--json]

A run is broken when its folder's name matches a GLOB (such as '*-broken*'), and healthy otherwise. Nothing is drawn or
measured again, so options of the watch can be tuned in seconds: --set low_diversity=0.2.
"""

import argparse
import fnmatch
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gantool
from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.detector import detect, read_metrics
from gantool.run.folder import load_config

EARLY = 0.25
"""Of a run: trouble that is told by then is told early."""


@dataclass(frozen=True)
class Replayed:
    """What the watch says of one run; `first` is the share of the run after which it first said anything."""

    run: str
    broken: bool
    readings: int
    first: float | None
    kinds: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Right or wrong, in words."""
        if self.first is None:
            return "missed" if self.broken else "silent"
        return "caught" if self.broken else "false alarm"


def replay(run: Path, broken: bool, options: WatchOptions) -> Replayed:
    """Judge one run. Raises GantoolError where it is none, or has not been measured."""
    goal = load_config(run).images
    readings = list(read_metrics(run / "metrics.jsonl"))
    if not any("swd" in reading.values for reading in readings):
        raise gantool.GantoolError(f"{run} holds no measurements: it was trained without the watch.")
    problems = detect(readings, goal, options)
    kinds = tuple(dict.fromkeys(problem.kind for problem in problems))
    return Replayed(run.name, broken, len(readings), problems[0].images_seen / goal if problems else None, kinds)


def totals(replayed: list[Replayed]) -> dict[str, int]:
    """Counts over all runs."""
    broken = [one for one in replayed if one.broken]
    return {
        "healthy": len(replayed) - len(broken),
        "false alarms": sum(one.verdict == "false alarm" for one in replayed),
        "broken": len(broken),
        "missed": sum(one.verdict == "missed" for one in replayed),
        f"caught within {EARLY:.0%}": sum(one.first is not None and one.first <= EARLY for one in broken),
    }


def options_of(settings: list[str]) -> WatchOptions:
    """The watch's options with some of them set. Raises GantoolError for what is none."""
    try:
        return WatchOptions.model_validate(dict(setting.split("=", 1) for setting in settings))
    except ValueError as error:
        raise gantool.GantoolError(f"--set takes OPTION=VALUE of the watch: {error}") from error


def table(replayed: list[Replayed]) -> str:
    """One line a run."""
    lines = [f"{'run':<40} {'known as':<8} {'verdict':<12} {'after':>6}  kinds"]
    for one in replayed:
        after = "" if one.first is None else f"{one.first:.0%}"
        known = "broken" if one.broken else "healthy"
        lines.append(f"{one.run:<40} {known:<8} {one.verdict:<12} {after:>6}  {', '.join(one.kinds)}")
    return "\n".join(lines)


def main() -> int:
    """Replay all and print what came of it."""
    parser = argparse.ArgumentParser(description="Replay the watch over runs that are known to be healthy or broken.")
    parser.add_argument("runs", nargs="+", type=Path, help="run folders")
    parser.add_argument("--broken", action="append", default=[], metavar="GLOB", help="names of broken runs")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the watch")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    arguments = parser.parse_args()
    try:
        options = options_of(arguments.set)
        replayed = [
            replay(run, any(fnmatch.fnmatch(run.name, glob) for glob in arguments.broken), options)
            for run in arguments.runs
        ]
    except gantool.GantoolError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if arguments.json:
        told: dict[str, Any] = {"runs": [asdict(one) for one in replayed], "totals": totals(replayed)}
        print(json.dumps(told, indent=2))
        return 0
    print(table(replayed))
    print(", ".join(f"{name}: {count}" for name, count in totals(replayed).items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
