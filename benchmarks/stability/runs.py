"""One run: trained in a process of its own, once, and what became of it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from experiments import Experiment

from gantool.engine import checkpoint
from gantool.errors import UsageError
from gantool.run.config import parse_count
from gantool.run.folder import CONFIG, load_config

PLUGINS = Path(__file__).parent / "plugins"
LAST_WORDS = 300
FAILED = 1
"""What gantool ends with when training itself failed."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `warned_at`: images seen at its first warning, or at its end when an error ended it.

    `asked` is what it was trained with, `seconds` are of processor time, which other programs disturb least,
    and `exit_code` is None while it is not known to have ended.
    """

    asked: list[str]
    seconds: float = 0.0
    exit_code: int | None = None
    images_seen: int = 0
    warned_at: int | None = None
    warning: str = ""


def train(experiment: Experiment, source: str, work: Path) -> Outcome:
    """Train it, or go on with it, unless it has ended already; a run that an error ended is not tried again.

    What was trained with other flags under the same name is begun anew.
    """
    settings = experiment.in_file()
    asked = [*experiment.flags(source), *settings]
    record, run = work / "outcomes" / f"{experiment.name}.json", work / "runs" / experiment.name
    before = read_outcome(record)
    if before is not None and before.asked == asked and _is_over(run, before, experiment):
        return before
    if before is None or before.asked != asked:
        shutil.rmtree(run, ignore_errors=True)
    write_outcome(record, Outcome(asked))
    log = work / "logs" / f"{experiment.name}.txt"
    exit_code, seconds = _gantool([*experiment.flags(source), *_in_file(settings, experiment.name, work)], run, log)
    last_words = " ".join(log.read_text(encoding="utf-8", errors="replace").split())[-LAST_WORDS:]
    if exit_code not in (0, FAILED):
        raise UsageError(f"{experiment.name} ended with exit code {exit_code}: {last_words}")
    at, text = first_warning(run)
    if exit_code == FAILED and at is None:
        at, text = images_seen(run), last_words
    outcome = Outcome(asked, seconds, exit_code, images_seen(run), at, text)
    write_outcome(record, outcome)
    return outcome


def _in_file(settings: Sequence[str], name: str, work: Path) -> list[str]:
    if not settings:
        return []
    file = work / "configs" / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in settings), encoding="utf-8")
    return ["--config", str(file)]


def _gantool(flags: Sequence[str], run: Path, log: Path) -> tuple[int, float]:
    """Train in a process of its own, on one core; its exit code and the seconds of processor time it took."""
    place = ["--out", str(run.parent), "--name", run.name, "--plugins-dir", str(PLUGINS), "--quiet"]
    environ = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        command = [sys.executable, "-m", "gantool", "train", *flags, *place]
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environ)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, round(usage.ru_utime + usage.ru_stime, 1)


def write_outcome(record: Path, outcome: Outcome) -> None:
    """The inverse of `read_outcome`."""
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(asdict(outcome), indent=1), encoding="utf-8")


def read_outcome(record: Path) -> Outcome | None:
    """What was written when the run began or ended; None when it has not begun."""
    try:
        return Outcome(**json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def images_seen(run: Path) -> int:
    """By the last checkpoint; 0 when there is none."""
    newest = checkpoint.newest(run)
    return checkpoint.images_of(newest) if newest else 0


def first_warning(run: Path) -> tuple[int | None, str]:
    """When a run was first warned of, and how. Those before its first step are about its settings and do not count."""
    file = run / "metrics.jsonl"
    lines: Sequence[str] = file.read_text(encoding="utf-8").splitlines() if file.is_file() else ()
    for line in map(json.loads, lines):
        if "warning" in line and line["images_seen"] > 0:
            return int(line["images_seen"]), str(line["warning"])
    return None, ""


def _is_over(run: Path, outcome: Outcome, experiment: Experiment) -> bool:
    if outcome.exit_code == FAILED:
        return True
    if outcome.exit_code is None or not (run / CONFIG).is_file():
        return False
    return images_seen(run) >= load_config(run).images == parse_count(experiment.images)
