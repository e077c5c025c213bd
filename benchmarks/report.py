"""What part of a run's time does its report take? Train with the observer timed, then make the report of a long run.

    python benchmarks/report.py [SETTING=VALUE]...

Settings are those of `gantool train`; without any it is dcgan:width=16 at 32 pixels on 12,000 shapes, about a minute
and a half on two cores: a short run of small networks, where the report weighs most. Processor time, since other work
on the machine does not count in it. The long run has 1,000 snapshots and 20,000 ticks, copied from the short one.
"""

import functools
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import gantool
from gantool.builtin.observers.report import Report
from gantool.engine.run_names import METRICS, REPORT, SAMPLES, sheet_of
from gantool.report.frames import Encoder
from gantool.report.page import write_report
from gantool.report.record import read_record
from gantool.run.folder import load_config

DEFAULTS: dict[str, Any] = {"arch": "dcgan:width=16", "data": "shapes", "resolution": 32, "images": "12k"}
SNAPSHOTS, TICKS = 1000, 20_000


def main() -> int:
    """Train, make a long run of it, and print time and size of both reports."""
    asked = dict(setting.split("=", 1) for setting in sys.argv[1:])
    settings = DEFAULTS | {name: int(value) if value.isdigit() else value for name, value in asked.items()}
    spent: list[float] = []
    Report.__call__ = timed(Report.__call__, spent)  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as folder:
        trainer = gantool.trainer(gantool.configure(**settings), out=folder)
        start = time.process_time()
        run = trainer.train().run
        whole = time.process_time() - start
        print(
            f"{settings}: {whole:.1f} s of processor time, in the report {sum(spent):.2f} s, {sum(spent) / whole:.2%}"
        )
        print(f"report.html: {(run / REPORT).stat().st_size / 1e6:.2f} MB")
        lengthen(run)
        start = time.process_time()
        write_report(run / REPORT, [read_record(run, load_config(run))], Encoder())
        seconds, size = time.process_time() - start, (run / REPORT).stat().st_size
        print(f"{SNAPSHOTS:,} snapshots, {TICKS:,} ticks: {seconds:.2f} s, {size / 1e6:.2f} MB")
    return 0


def timed(method: Any, spent: list[float]) -> Any:
    """The method, with the processor time of each call added to `spent`."""

    @functools.wraps(method)
    def call(*arguments: Any) -> Any:
        start = time.process_time()
        try:
            return method(*arguments)
        finally:
            spent.append(time.process_time() - start)

    return call


def lengthen(run: Path) -> None:
    """Add copies of sheets and of lines of metrics to a run, as if it had gone on."""
    sheets = sorted((run / SAMPLES).iterdir())
    last = int(sheets[-1].stem)
    for number in range(1, SNAPSHOTS - len(sheets) + 1):
        shutil.copy(sheets[-1 - number % 8], sheet_of(run, last + 1000 * number))
    entries = [json.loads(line) for line in (run / METRICS).read_text().splitlines()]
    ticks = [entry for entry in entries if "loss_d" in entry]
    with (run / METRICS).open("a") as file:
        for number in range(1, TICKS - len(ticks) + 1):
            file.write(json.dumps(ticks[number % len(ticks)] | {"images_seen": last + 50 * number}) + "\n")


if __name__ == "__main__":
    sys.exit(main())
