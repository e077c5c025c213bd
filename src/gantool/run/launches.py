"""Restarts by a launcher: the run that the processes of one launch had begun before they were started again."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from gantool.engine.run_names import CONFIG
from gantool.files import write_text
from gantool.reading import read_json

MARK = ".launch"
"""The file in a run's folder that names the launch which trained it last."""


@dataclass(frozen=True)
class Launch:
    """One call of `torchrun`, the same through its restarts."""

    run_id: str
    """The `--rdzv-id`, which all nodes share; a user may give it again, and it may be "none"."""
    agent: str
    """The folder of its processes' error files, which each agent makes anew."""
    nodes: int

    def is_one_with(self, other: "Launch") -> bool:
        """True for the same launch: by its agent, or on several nodes by the ID that they share."""
        if self.agent and self.agent == other.agent:
            return True
        return max(self.nodes, other.nodes) > 1 and self.run_id not in ("", "none") and self.run_id == other.run_id


def this_launch() -> Launch | None:
    """The launch of this process; None where `torchrun` did not start it."""
    run_id = os.environ.get("TORCHELASTIC_RUN_ID")
    if run_id is None:
        return None
    agent, found, _ = os.environ.get("TORCHELASTIC_ERROR_FILE", "").partition("/attempt_")
    nodes = os.environ.get("GROUP_WORLD_SIZE", "1")
    return Launch(run_id, agent if found else "", int(nodes) if nodes.isdecimal() else 1)


def note(run: Path) -> None:
    """Note in a run's folder that this launch trains it, so that `begun` finds it after a restart."""
    launch = this_launch()
    if launch is not None:
        write_text(run / MARK, json.dumps(asdict(launch)) + "\n")


def begun(out: Path) -> Path | None:
    """The run in `out` that this launch had begun before its processes were started again; None at the first start."""
    launch = this_launch()
    if launch is None:
        return None
    runs = [mark.parent for mark in out.glob(f"*/{MARK}") if (mark.parent / CONFIG).is_file() and _is_by(mark, launch)]
    return max(runs, key=lambda run: (run / MARK).stat().st_mtime_ns, default=None)


def _is_by(mark: Path, launch: Launch) -> bool:
    try:
        found = read_json(mark)
        return launch.is_one_with(Launch(str(found["run_id"]), str(found["agent"]), int(found["nodes"])))
    except (OSError, ValueError, LookupError, TypeError):  # a file of others, or one that was cut short
        return False
