"""Which defaults give the better pictures? Variants of one training, judged by `gantool evaluate`, beside a baseline.

    python benchmarks/recipes/run.py --work DIR --data photos --images 20k --seeds 3 \\
        --variant 'none=--augment none' --variant 'early=--augment diffaugment:strength=auto' -- --arch dcgan

Every variant is trained on one thread with the flags after `--` and its own, and compared with the first one; minutes
are of processor time, which other programs disturb least. Runs that have ended are not trained again: the same command
goes on where it was stopped. README.md has the tables so far.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from measures import columns, gantool

from gantool.errors import GantoolError

LOOKS = ("grey", "color", "checkerboard")
"""Measurements of the watch at the end of a run."""


@dataclass(frozen=True)
class Outcome:
    """One run: its values by column, those of real pictures, and its minutes."""

    values: dict[str, float]
    reference: dict[str, float]
    minutes: float


def main() -> int:
    """Train and judge what is missing, then print the table."""
    asked = arguments()
    asked.work.mkdir(parents=True, exist_ok=True)
    variants = [text.partition("=")[::2] for text in asked.variant]
    try:
        rows = {
            name: [outcome(asked, f"{name}-{seed}", flags.split(), seed) for seed in range(1, asked.seeds + 1)]
            for name, flags in variants
        }
    except GantoolError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(table(rows))
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Variants of one training, judged beside a baseline.")
    parser.add_argument("--work", type=Path, required=True, help="folder of runs and results; may be used again")
    parser.add_argument("--data", required=True)
    parser.add_argument("--images", default="20k")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--samples", default="1000", help="samples that are judged")
    parser.add_argument("--variant", action="append", required=True, metavar="NAME=FLAGS")
    parser.add_argument("flags", nargs="*", help="flags of all variants, after --")
    return parser.parse_args()


def outcome(asked: argparse.Namespace, name: str, flags: Sequence[str], seed: int) -> Outcome:
    """The outcome of a run, from its file where there is one."""
    run = asked.work / name
    kept = asked.work / f"{name}.json"
    if not kept.exists():
        before = os.times()
        own = ["--data", asked.data, "--images", asked.images, "--seed", str(seed), *asked.flags, *flags]
        again = (
            ["--resume", str(run)]
            if (run / "checkpoints").is_dir()
            else [*own, "--out", str(asked.work), "--name", name]
        )
        gantool("train", "-q", *again)
        after = os.times()
        minutes = sum(after[2:4]) - sum(before[2:4])
        document = json.loads(gantool("evaluate", str(run), "-n", asked.samples, "--json"))
        kept.write_text(json.dumps({"minutes": minutes / 60, **document["evaluations"][0]}))
    found = json.loads(kept.read_text())
    return Outcome(columns(found["values"]) | last_look(run), columns(found["reference"]), found["minutes"])


def last_look(run: Path) -> dict[str, float]:
    """The last measurements of the watch."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    last: dict[str, Any] = next((line for line in reversed(lines) if "swd" in line), {})
    return {name: last[name] for name in LOOKS if name in last}


def table(rows: dict[str, list[Outcome]]) -> str:
    """The means over seeds, with the lowest and highest, and the ratio to the first variant."""
    baseline = next(iter(rows.values()))
    reference = baseline[0].reference
    names = list(baseline[0].values)
    lines = ["| variant | CPU minutes | " + " | ".join(names) + " |", "|---|" + "---|" * (len(names) + 1)]
    for variant, outcomes in rows.items():
        cells = [f"{fmean(one.minutes for one in outcomes):.1f}"]
        for name in names:
            values = [one.values[name] for one in outcomes]
            first = fmean(one.values[name] for one in baseline)
            ratio = f", x{fmean(values) / first:.2f}" if outcomes is not baseline and first > 0 else ""
            cells.append(f"{fmean(values):.3g} ({min(values):.3g} to {max(values):.3g}{ratio})")
        lines.append(f"| {variant} | " + " | ".join(cells) + " |")
    real = [f"{reference[name]:.3g}" if name in reference else "" for name in names]
    lines.append("| other real pictures | | " + " | ".join(real) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
