"""`gantool launch`: scripts that start one training on many machines; nothing is submitted."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer._click.globals import get_current_context

from gantool.cli import launch_scripts
from gantool.cli.groups import PageGroup
from gantool.cli.launch_scripts import Launch
from gantool.errors import OptionError, UsageError

app = typer.Typer(cls=PageGroup, help="Print a script that starts one training on many machines.", no_args_is_help=True)

_REST = {"allow_interspersed_args": False}
"""Flags behind the command are that command's, whether or not it stands behind `--`."""
_INSTALL = "pip install gantool"

Nodes = Annotated[int, typer.Option("--nodes", metavar="N", help="Number of machines.")]
Gpus = Annotated[
    int,
    typer.Option("--gpus", metavar="N", help="GPUs of each machine, a process for each; 0: one process on the CPU."),
]
Gpu = Annotated[str, typer.Option("--gpu", metavar="NAME", help="Kind of GPU, such as H100.")]
Port = Annotated[int, typer.Option("--port", metavar="N", help="Port at which the machines meet.")]
Restarts = Annotated[
    int, typer.Option("--max-restarts", metavar="N", help="Restarts from the last checkpoint when a process dies.")
]
Setup = Annotated[
    str,
    typer.Option("--setup", metavar="COMMAND", help="Shell line that runs first, such as source venv/bin/activate."),
]
Command = Annotated[
    list[str],
    typer.Argument(metavar="COMMAND", help="The training: train --name NAME and its other flags."),
]


@app.command(context_settings=_REST)
def slurm(
    command: Command,
    nodes: Nodes,
    gpus: Gpus = 1,
    time: Annotated[str, typer.Option("--time", metavar="D-HH:MM:SS", help="Time limit of the job.")] = "",
    partition: Annotated[str, typer.Option("--partition", metavar="NAME", help="Partition of the cluster.")] = "",
    port: Port = 29400,
    max_restarts: Restarts = 3,
    setup: Setup = "",
) -> None:
    """Print a batch script for sbatch."""
    if time:
        _check_word("--time", time, r"[\d:-]+")
    if partition:
        _check_word("--partition", partition)
    _print(launch_scripts.slurm(_launch(command, nodes, gpus, port, max_restarts, setup), time, partition))


@app.command(context_settings=_REST)
def skypilot(
    command: Command,
    nodes: Nodes,
    gpus: Gpus = 1,
    gpu: Gpu = "H100",
    port: Port = 29400,
    max_restarts: Restarts = 3,
    setup: Setup = _INSTALL,
) -> None:
    """Print a task in YAML for sky launch."""
    _check_word("--gpu", gpu)
    _print(launch_scripts.skypilot(_launch(command, nodes, gpus, port, max_restarts, setup), gpu))


@app.command(context_settings=_REST)
def dstack(
    command: Command,
    nodes: Nodes,
    gpus: Gpus = 1,
    gpu: Gpu = "H100",
    port: Port = 29400,
    max_restarts: Restarts = 3,
    setup: Setup = _INSTALL,
) -> None:
    """Print a task in YAML for dstack apply."""
    _check_word("--gpu", gpu)
    _print(launch_scripts.dstack(_launch(command, nodes, gpus, port, max_restarts, setup), gpu))


@app.command(context_settings=_REST)
def ssh(
    command: Command,
    hosts: Annotated[str, typer.Option("--hosts", metavar="A,B", help="The machines; they meet at the first.")],
    nodes: Annotated[int | None, typer.Option("--nodes", metavar="N", help="Number of --hosts, to be sure.")] = None,
    gpus: Gpus = 1,
    workdir: Annotated[
        Path | None, typer.Option("--workdir", metavar="DIR", help="Folder on each. Default: this one.")
    ] = None,
    port: Port = 29400,
    max_restarts: Restarts = 3,
    setup: Setup = "",
) -> None:
    """Print a script that starts the training on each host by ssh, and waits for it."""
    listed = [host.strip() for host in hosts.split(",") if host.strip()]
    for host in listed:
        _check_word("--hosts", host, r"[\w@.:\[\]%][\w@.:\[\]%-]*")
    if len(set(listed)) != len(listed):
        raise OptionError(f"--hosts {hosts}: a machine is named twice; give --gpus for several processes on each.")
    if nodes not in (None, len(listed)):
        raise OptionError(f"--nodes {nodes}, but --hosts names {len(listed)}: leave --nodes out, or name as many.")
    launch = _launch(command, len(listed), gpus, port, max_restarts, setup)
    _print(launch_scripts.ssh(launch, listed, str((workdir or Path()).absolute())))


def _launch(command: list[str], nodes: int, gpus: int, port: int, max_restarts: int, setup: str) -> Launch:
    """The launch of a training whose arguments are looked at here, as far as that takes no data."""
    for flag, value, least, most in (
        ("--nodes", nodes, 1, 10**5), ("--gpus", gpus, 0, 10**3), ("--port", port, 1, 65535),
        ("--max-restarts", max_restarts, 0, 10**6),
    ):  # fmt: skip
        if not least <= value <= most:
            raise OptionError(f"{flag} {value}: give a number from {least} to {most}.")
    if not all(word.isprintable() for word in (*command, setup)):
        raise OptionError("A line break, or another character that is not printed, cannot be written into a script.")
    processes = max(gpus, 1)
    name = _checked(command, nodes * processes)
    return Launch(tuple(command), name, nodes, processes, gpus, port, max_restarts, setup.strip())


def _checked(command: list[str], processes: int) -> str:
    """The name of the training's run. Raises UsageError and its kin for arguments that `gantool train` would refuse."""
    word, *rest = command
    if word != "train":
        raise UsageError(f"gantool launch starts a training, not {word!r}: give -- train --name NAME and its flags.")
    given = _parsed(rest)
    if given["minutes"] is not None:
        raise UsageError("--minutes is for one process; for several give --images.")
    _check_components(given)
    _check_share(given, processes)
    run = given["name"] or (given["resume"] and Path(given["resume"]).name)
    if not run:
        raise UsageError("Give the training a --name: by it a job that is started again goes on with its run.")
    return str(run)


def _parsed(words: list[str]) -> dict[str, Any]:
    """The parameters of `gantool train` in these words, or Typer's own complaint."""
    root = get_current_context().find_root()
    command = root.command.get_command(root, "train")  # type: ignore[attr-defined]
    parsed: dict[str, Any] = command.make_context("train", words, parent=root).params
    return parsed


def _check_components(given: dict[str, Any]) -> None:
    from gantool.api.run_config import NONE, SETTINGS, flag_of
    from gantool.plugins.host import host

    for name in SETTINGS:
        kind, value = flag_of(name).kind, given.get(name)
        if not kind or kind == "source":  # whose files may lie on the machines alone
            continue
        for text in [value] if isinstance(value, str) else value or ():
            if text not in (NONE, "auto"):
                host().resolve(kind, text)


def _check_share(given: dict[str, Any], processes: int) -> None:
    batch, accumulate = given["batch"], given["accumulate"] or 1
    if batch and batch % (processes * accumulate):
        shares = processes * accumulate
        raise OptionError(f"--batch {batch} cannot be shared by {processes} processes: use a multiple of {shares}.")


def _check_word(flag: str, text: str, pattern: str = r"[\w.,-]+") -> None:
    """Raise OptionError for a value that would not be one word in a script."""
    if not re.fullmatch(pattern, text):
        raise OptionError(f"{flag} {text!r}: give one word, without spaces or special characters.")


def _print(script: str) -> None:
    from gantool.cli.output import result

    result(script)
