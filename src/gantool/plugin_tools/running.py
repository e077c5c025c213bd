"""Running an installer: its words are shown on standard error as they come, and kept to be understood."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gantool.errors import PluginError


@dataclass(frozen=True)
class Command:
    """A program with its arguments; `environ` is added to this process's own environment."""

    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """As one would type it."""
        before = [f"{name}={shlex.quote(value)}" for name, value in self.environ.items()]
        return " ".join([*before, shlex.join(self.argv)])


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said on both streams."""

    code: int
    output: str

    @property
    def words(self) -> str:
        """The same, with what pipx leaves out of its backend's words and writes into a file that it names."""
        named = re.search(r"Full \w+ output in file:\s+(\S.*)", self.output)
        try:
            more = Path(named[1].strip()).read_text(encoding="utf-8", errors="replace") if named else ""
        except OSError:
            more = ""
        return self.output + more


Runner = Callable[[Command], Outcome]

_NOISE = "Requirement already satisfied"
"""Torch alone makes pip say it fifty times."""


def run(command: Command) -> Outcome:
    """Run it to its end. Raises PluginError when the program cannot be started."""
    said = []
    try:
        process = subprocess.Popen(
            command.argv,
            env={**os.environ, **command.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise PluginError(f"{command.argv[0]} could not be started: {error.strerror or error}.") from error
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if not line.startswith(_NOISE):
                sys.stderr.write(line)
                sys.stderr.flush()
    return Outcome(process.returncode, "".join(said))
