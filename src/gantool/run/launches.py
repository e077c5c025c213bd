"""Restarts by a launcher: the run that the processes of one launch had begun before they were started again."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from gantool.engine import checkpoint
from gantool.engine.run_names import CONFIG
from gantool.errors import GantoolError
from gantool.files import write_text
from gantool.reading import read_json
from gantool.run import folder as run_folder

MARK = ".launch"
"""The file in a run's folder that names the launch which trained it last."""


_ATTEMPT = re.compile(r"(.*?)[/\\]attempt_\d")  # Windows has backslashes
_trained: set[Path] = set()
"""The runs that this process has trained, or is training."""


@dataclass(frozen=True)
class Launch:
    """One call of `torchrun`, the same through its restarts."""

    run_id: str
    """The `--rdzv-id`, which all nodes share; a user may give it again, and it may be "none"."""
    agent: str
    """The folder of its processes' error files, which each agent makes anew."""
    nodes: int

    def has_agent_of(self, other: "Launch") -> bool:
        """True for the same launch beyond doubt."""
        return self.agent != "" and self.agent == other.agent

    def has_id_of(self, other: "Launch") -> bool:
        """True for launches on several nodes that may be the same: each node has an agent of its own."""
        return max(self.nodes, other.nodes) > 1 and self.run_id not in ("", "none") and self.run_id == other.run_id


def this_launch() -> Launch | None:
    """The launch of this process; None where `torchrun` did not start it."""
    run_id = os.environ.get("TORCHELASTIC_RUN_ID")
    if run_id is None:
        return None
    found = _ATTEMPT.search(os.environ.get("TORCHELASTIC_ERROR_FILE", ""))
    nodes = os.environ.get("GROUP_WORLD_SIZE", "1")
    return Launch(run_id, found[1] if found else "", int(nodes) if nodes.isdecimal() else 1)


def note(run: Path, writes: bool) -> None:
    """Note that this launch trains a run: in this process, and in the run's folder by the one that writes there."""
    launch, mark = this_launch(), run / MARK
    if launch is None:
        return
    _trained.add(run.resolve())
    noted = _noted(mark)
    if writes and not (noted and launch.has_agent_of(noted)):  # its time tells the order in which runs were begun
        write_text(mark, json.dumps(asdict(launch)) + "\n")


def begun(out: Path, wanted: Path | None = None) -> Path | None:
    """The run in `out` that this launch had begun before its processes were started again; None at the first start.

    A program that trains several runs finds each in its turn: those that this process has trained are left out. An ID
    may be that of an earlier launch: by it alone no run is found that has ended, nor any but the `wanted` one.
    """
    launch = this_launch()
    if launch is None:
        return None
    marks = sorted(out.glob(f"*/{MARK}"), key=lambda mark: mark.stat().st_mtime_ns)
    there = [mark.parent for mark in marks if (mark.parent / CONFIG).is_file()]
    runs = [(run, noted) for run in there if run.resolve() not in _trained and (noted := _noted(run / MARK))]
    certain = [run for run, noted in runs if launch.has_agent_of(noted)]
    perhaps = [run for run, noted in runs if launch.has_id_of(noted) and wanted in (None, run) and not _has_ended(run)]
    return next(iter(certain or perhaps[-1:]), None)


def _noted(mark: Path) -> Launch | None:
    try:
        found = read_json(mark)
        return Launch(str(found["run_id"]), str(found["agent"]), int(found["nodes"]))
    except (OSError, ValueError, LookupError, TypeError):  # a file of others, or one that was cut short
        return None


def _has_ended(run: Path) -> bool:
    try:
        images = run_folder.load_config(run).images
    except GantoolError:
        return True
    newest = checkpoint.newest(run)
    return newest is not None and checkpoint.images_of(newest) >= images
