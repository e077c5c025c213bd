"""Does `gantool evaluate` see what is collapsed? The runs that `run.py` trained, evaluated and ranked.

    python benchmarks/stability/judged.py --work DIR [-n 1000] [--extractor auto]

A run is collapsed by its counted modes, its variety or what a classifier recognises (see README.md), none of which
`evaluate` knows. For each of its numbers the table has the values of collapsed and of other runs, and how surely it
tells them apart: the probability that a collapsed run is worse than another one (area under the ROC curve). Results
are kept in DIR/judged, so the same command goes on where it was stopped.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from runs import PLUGINS
from table import warned_after

from run import RESULTS, read_results

NUMBERS = {
    "KID": ("kid", "kid", 1), "precision": ("precision-recall", "precision", -1),
    "recall": ("precision-recall", "recall", -1), "density": ("density-coverage", "density", -1),
    "coverage": ("density-coverage", "coverage", -1), "diversity": ("diversity", "diversity", -1),
    "SWD": ("swd", "swd", 1),
}  # fmt: skip
"""Each number's metric, its name there, and 1 where more is worse, -1 where less is."""


def main() -> int:
    """Evaluate what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description="Does `gantool evaluate` see what is collapsed?")
    parser.add_argument("--work", type=Path, required=True, help="the folder of run.py")
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--extractor", default="auto")
    asked = parser.parse_args()
    rows = [row for row in read_results(asked.work / RESULTS).values() if row["images_seen"]]
    if not rows:
        sys.exit(f"{asked.work} holds no runs: python benchmarks/stability/run.py --set broken --work {asked.work}")
    found = [row | {"numbers": numbers(asked, row["name"])} for row in rows]
    print(runs(found) + "\n")
    print(ranking(found))
    return 0


def numbers(asked: argparse.Namespace, name: str) -> dict[str, float]:
    """What `gantool evaluate` says of a run, by the names of the columns."""
    kept = asked.work / "judged" / f"{name}-{asked.n}-{asked.extractor}.json"
    if not kept.exists():
        words = ("evaluate", str(asked.work / "runs" / name), "-n", str(asked.n), "--extractor", asked.extractor)
        metrics = [word for metric in {one for one, _, _ in NUMBERS.values()} for word in ("--metric", metric)]
        done = subprocess.run(
            [sys.executable, "-m", "gantool", *words, *metrics, "--json"],
            env=os.environ | {"GANTOOL_PLUGINS_DIR": str(PLUGINS)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{name}: {done.stderr}")
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(done.stdout)
    values = json.loads(kept.read_text())["evaluations"][0]["values"]
    return {title: values[metric][value] for title, (metric, value, _) in NUMBERS.items()}


def runs(rows: Sequence[dict[str, Any]]) -> str:
    """A line for each run, the worst in modes first."""
    lines = [
        "| run | modes found | collapsed | warned at | " + " | ".join(NUMBERS) + " |",
        "|---" * (4 + len(NUMBERS)) + "|",
    ]
    for row in sorted(rows, key=lambda one: (not one["collapse"], one["found"] / one["expected"])):
        at = warned_after(row)
        cells = [row["name"], f"{row['found']} of {row['expected']:.0f}", "yes" if row["collapse"] else ""]
        cells += ["" if at is None else f"{at:.0%}", *(f"{row['numbers'][title]:.3g}" for title in NUMBERS)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ranking(rows: Sequence[dict[str, Any]]) -> str:
    """For each number its medians and how surely it tells collapsed runs from others of the same data."""
    lines = ["| number | collapsed runs | other runs | worse in collapsed runs |", "|---|---|---|---|"]
    for title, (_, _, sign) in NUMBERS.items():
        failed = [row for row in rows if row["collapse"]]
        sound = [row for row in rows if not row["collapse"]]
        if not failed or not sound:
            return "All runs collapsed, or none: nothing can be told apart."
        pairs = [
            (sign * bad["numbers"][title], sign * good["numbers"][title])
            for bad in failed for good in sound if bad["data"] == good["data"]
        ]  # fmt: skip
        area = sum((bad > good) + (bad == good) / 2 for bad, good in pairs) / len(pairs)
        cells = [f"{median(row['numbers'][title] for row in group):.3g}" for group in (failed, sound)]
        lines.append(f"| {title} | {cells[0]} | {cells[1]} | {area:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
