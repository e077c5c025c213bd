"""Scripts that start one training on many machines by `torchrun`: what `gantool launch` prints."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import indent

BACKSLASHED = " \\\n    "
"""The end of a line that goes on in the next."""


@dataclass(frozen=True)
class Launch:
    """A command of gantool for `nodes` machines with as many `processes` on each."""

    command: tuple[str, ...]
    name: str
    nodes: int
    processes: int
    gpus: int
    port: int
    max_restarts: int
    setup: str

    @property
    def title(self) -> str:
        """The name as every scheduler takes it: lower-case letters, digits and hyphens, beginning with a letter."""
        slug = re.sub("[^a-z0-9]+", "-", self.name.lower()).strip("-")[:40].rstrip("-")
        return slug if slug[:1].isalpha() else f"gantool-{slug}".rstrip("-")

    def torchrun(self, endpoint: str, launch: str) -> str:
        """The command for each machine; `endpoint` is the first one and `launch` an ID, both in words of the shell."""
        parts = [
            "torchrun",
            f"--nnodes {self.nodes} --nproc-per-node {self.processes} --max-restarts {self.max_restarts}",
            f"--rdzv-backend c10d --rdzv-id {launch} --rdzv-endpoint {endpoint}:{self.port}",
            f"-m -- gantool {shlex.join(self.command)}",
        ]
        return BACKSLASHED.join(parts)


def slurm(launch: Launch, time: str, partition: str) -> str:
    """A batch script for `sbatch`, which is requeued when a machine fails."""
    options = [
        f"--job-name={launch.title}", f"--nodes={launch.nodes}", "--ntasks-per-node=1",
        *([f"--gpus-per-node={launch.gpus}"] if launch.gpus else []), *([f"--time={time}"] if time else []),
        *([f"--partition={partition}"] if partition else []), "--requeue", "--open-mode=append",
        f"--output={launch.title}-%j.txt",
    ]  # fmt: skip
    run = launch.torchrun('"$first"', '"$SLURM_JOB_ID"')
    lines = [
        "#!/bin/bash",
        *(f"#SBATCH {option}" for option in options),
        "# Submit by sbatch, in a folder that all nodes share. Requeued, the job goes on with its run.",
        "set -eu",
        *([launch.setup] if launch.setup else []),
        'first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)',
        f"srun {run}",
    ]
    return "\n".join(lines)


def skypilot(launch: Launch, gpu: str) -> str:
    """A task in YAML for `sky launch` or `sky jobs launch`."""
    run = "\n".join(
        [
            'first=$(echo "$SKYPILOT_NODE_IPS" | head -n 1)',
            launch.torchrun('"$first"', '"$SKYPILOT_TASK_ID"'),
        ]
    )
    lines = [
        "# Start by: sky launch FILE. Resuming on other machines needs --out on storage that all of them mount.",
        f'name: "{launch.title}"',  # in quotes: YAML takes true for a value, and 4090:1 for a number
        f"num_nodes: {launch.nodes}",
        *([f'resources:\n  accelerators: "{gpu}:{launch.gpus}"'] if launch.gpus else []),
        "workdir: .",
        _block("setup", launch.setup),
        _block("run", run),
    ]
    return "\n".join(lines)


def dstack(launch: Launch, gpu: str) -> str:
    """A task in YAML for `dstack apply`."""
    commands = [launch.setup, launch.torchrun('"$DSTACK_MASTER_NODE_IP"', launch.title)]
    lines = [
        "# Start by: dstack apply -f FILE. Resuming on other machines needs --out on a volume that all of them mount.",
        "type: task",
        f'name: "{launch.title}"',
        f"nodes: {launch.nodes}",
        'python: "3.12"',
        *([f'resources:\n  gpu: "{gpu}:{launch.gpus}"'] if launch.gpus else []),
        "commands:",
        *(f"  - |\n{indent(command, '    ')}" for command in commands if command),
    ]
    return "\n".join(lines)


def ssh(launch: Launch, hosts: Sequence[str], workdir: str) -> str:
    """A script that starts the command on each host and waits for all; its exit code is 1 where one failed."""
    first = hosts[0].rpartition("@")[2]
    run = launch.torchrun(shlex.quote(first), launch.title).replace(BACKSLASHED, " ")
    steps = [f"cd {shlex.quote(workdir)}", *([launch.setup] if launch.setup else []), f"exec {run}"]
    remote = shlex.quote(" && ".join(steps))
    lines = [
        "#!/bin/bash",
        "# Ended by Ctrl-C or kill, this script ends each ssh, and with -tt a host ends its processes then.",
        "trap 'kill $(jobs -p) 2> /dev/null' EXIT",
        "trap 'exit 130' INT",
        "trap 'exit 143' TERM",
        *(f"ssh -tt {shlex.quote(host)} {remote} < /dev/null &" for host in hosts),
        "status=0",
        "for job in $(jobs -p); do",
        '    wait "$job" || status=1',
        "done",
        "exit $status",
    ]
    return "\n".join(lines)


def _block(key: str, text: str) -> str:
    """A key with lines of the shell as they are."""
    return f"{key}: |\n{indent(text, '  ')}"
