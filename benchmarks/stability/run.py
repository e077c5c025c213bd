"""Which strategies hold? Train each of a set of runs, count the modes of its samples, print a table.

    python benchmarks/stability/run.py --set SET --work DIR [--digits FOLDER] [--data FOLDER]

Runs that have ended are not trained again: the same command goes on where it was stopped. README.md has the columns.
"""

import argparse
import json
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from experiments import SETS, Experiment, experiments
from modes import DataSet, folder, shapes, stacked
from runs import Outcome, train
from scores import Score
from table import alarms, strategies, summary

import gantool
from gantool.errors import UsageError
from gantool.run.config import parse_count

SAMPLES = 5000
RESULTS = "results.jsonl"


def main() -> int:
    """Run what is missing, then print the table of the whole set."""
    asked = arguments()
    asked.work = asked.work.resolve()
    torch.set_num_threads(1)
    asked.work.mkdir(parents=True, exist_ok=True)
    try:
        sets = {one.name: one for one in data_sets(asked)}
        planned = list(experiments(SETS[asked.set], asked.seeds, tuple(sets)))
        planned = picked(planned, asked.only)
        if asked.list:
            for one in planned:
                print(listed(one, sets[one.data].source))
            return 0
        rows = Benchmark(asked.work, sets, asked.samples).run(planned, asked.jobs)
    except gantool.GantoolError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    counted = asked.set in ("defaults", "strategies")
    print(strategies(rows) if counted else alarms(rows))
    for line in notes(sets, asked.samples) if counted else summary(rows):
        print("\n" + line)
    return 0


def picked(planned: Sequence[Experiment], part: str) -> list[Experiment]:
    """Those whose name holds this. Raises UsageError when there is none."""
    found = [one for one in planned if part in one.name]
    if not found:
        names = ", ".join(sorted({f"{one.setting.kind}-{one.setting.name}" for one in planned}))
        raise UsageError(f"No run of the set has {part!r} in its name. There are: {names or 'none'}.")
    return found


def listed(experiment: Experiment, source: str) -> str:
    """A run's name and all it is trained with: flags, and what a file has that there is no flag for."""
    in_file = "; ".join(experiment.in_file())
    return " ".join([experiment.name, *experiment.flags(source)]) + (f"  # in a --config: {in_file}" if in_file else "")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Which strategies hold? Runs, modes counted, a table.")
    parser.add_argument("--set", choices=tuple(SETS), required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder of runs and results; may be used again")
    parser.add_argument("--digits", default="", help="folder of digits, in sub-folders 0 to 9 (MNIST)")
    parser.add_argument("--data", default="", help="a folder of pictures for the healthy set")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, one core each")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="pictures drawn from each model")
    parser.add_argument("--only", default="", help="only runs whose name holds this")
    parser.add_argument("--list", action="store_true", help="print the runs and their flags; train nothing")
    return parser.parse_args()


def data_sets(asked: argparse.Namespace) -> list[DataSet]:
    """Those there are files for; a line says which are left out."""
    found = [shapes()]
    try:
        found.append(stacked(asked.digits, asked.work))
    except gantool.GantoolError as error:
        print(f"Stacked digits are left out; --digits FOLDER brings them. {error}", file=sys.stderr)
    if asked.data:
        found.append(folder(asked.data))
    return found


class Benchmark:
    """Trains runs side by side, each in a process of its own, and scores them one at a time."""

    def __init__(self, work: Path, sets: dict[str, DataSet], samples: int) -> None:
        self._work, self._sets, self._samples = work, sets, samples
        self._scoring = threading.Lock()
        self._known = read_results(work / RESULTS)
        self._reals = {name: one.reals(samples) for name, one in sets.items()}

    def run(self, planned: Sequence[Experiment], jobs: int) -> list[dict[str, Any]]:
        """The rows of all runs, in their order."""
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(self._row, planned))

    def _row(self, experiment: Experiment) -> dict[str, Any]:
        outcome = train(experiment, self._sets[experiment.data].source, self._work)
        told = {**asdict(outcome), "samples": self._samples}
        with self._scoring:
            known = self._known.get(experiment.name)
            if known is not None and all(known.get(key) == value for key, value in told.items()):
                return known | described(experiment)
            row = described(experiment) | told | self._scored(experiment, outcome)
            with (self._work / RESULTS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{experiment.name}: {outcome.seconds:.0f} s, {told_of(row)}", file=sys.stderr, flush=True)
            return row

    def _scored(self, experiment: Experiment, outcome: Outcome) -> dict[str, Any]:
        if not outcome.images_seen:
            return dict.fromkeys(Score.__dataclass_fields__) | {"samples": self._samples, "collapse": "no model"}
        samples = gantool.load(self._work / "runs" / experiment.name, device="cpu").images(range(self._samples))
        found = self._sets[experiment.data].scored(samples, self._reals[experiment.data])
        return asdict(found) | {"collapse": found.collapse}


def described(experiment: Experiment) -> dict[str, Any]:
    """What a row says of its run beside the results."""
    setting = experiment.setting
    return {
        "name": experiment.name, "setting": setting.name, "network": setting.kind, "data": experiment.data,
        "seed": experiment.seed, "half": setting.half, "images": parse_count(experiment.images),
    }  # fmt: skip


def told_of(row: dict[str, Any]) -> str:
    """A result in a few words, for those who wait."""
    modes = f"{row['found']} of {row['expected']:.0f} modes" if row["expected"] else "no modes to count"
    warned = "" if row["warned_at"] is None else f", warned of at {row['warned_at']:,} images"
    return f"{modes}{', collapsed: ' + row['collapse'] if row['collapse'] else ''}{warned}"


def read_results(file: Path) -> dict[str, dict[str, Any]]:
    """The last line of each run."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return {row["name"]: row for row in map(json.loads, lines)}


def notes(sets: dict[str, DataSet], samples: int) -> list[str]:
    """What as many real pictures score, by which the table is to be read."""
    lines = []
    for one in sets.values():
        real = one.scored(one.reals(samples, seed=1), one.reals(samples))
        if real.found is None:  # a folder of anything has no modes to count
            continue
        lines.append(
            f"{samples:,} real pictures of {one.name}: {real.found} modes, KL {real.kl:.2f}, recognised "
            f"{real.recognised:.2f}, SWD {real.swd:.1f} ({one.note})."
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
