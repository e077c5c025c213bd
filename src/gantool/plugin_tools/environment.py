"""The Python environment that gantool runs in: who may change its packages, and what there is to do it with."""

import importlib.util
import json
import shlex
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gantool.plugins.loading import canonical

Kind = Literal["plain", "pipx", "uv-tool", "managed"]


@dataclass(frozen=True)
class Environment:
    """`kind` says to whom it belongs: to the user, to pipx, to `uv tool`, or to the system (PEP 668).

    `uv` and `pipx` are the programs' paths, None where there are none; `marker` is the file by which a system keeps its
    Python to itself.
    """

    python: str
    prefix: Path
    has_pip: bool = True
    uv: str | None = None
    pipx: str | None = None
    marker: Path | None = None

    @property
    def kind(self) -> Kind:
        """Tools come before the system: their environments lie on top of a system's Python."""
        if (self.prefix / "uv-receipt.toml").is_file():
            return "uv-tool"
        if (self.prefix / "pipx_metadata.json").is_file():
            return "pipx"
        return "managed" if self.marker else "plain"

    @property
    def name(self) -> str:
        """What pipx and `uv tool` call it: its folder's name."""
        return self.prefix.name

    @property
    def pip(self) -> str:
        """How one types what installs a package into it."""
        if self.kind == "pipx":
            return f"pipx runpip {self.name} install"
        python = shlex.quote(self.python)
        return f"{python} -m pip install" if self.has_pip else f"uv pip install --python {python}"


def this_environment() -> Environment:
    """That of this process."""
    return Environment(
        sys.executable,
        Path(sys.prefix),
        importlib.util.find_spec("pip") is not None,
        shutil.which("uv"),
        shutil.which("pipx"),
        _marker(),
    )


def _marker() -> Path | None:
    """EXTERNALLY-MANAGED of PEP 668, which does not bind virtual environments."""
    if sys.prefix != sys.base_prefix:
        return None
    folder = sysconfig.get_path("stdlib", sysconfig.get_default_scheme())
    marker = Path(folder) / "EXTERNALLY-MANAGED"
    return marker if marker.is_file() else None


def injected(environment: Environment) -> set[str]:
    """The distributions that pipx put into its environment, as PyPI compares names; none where that cannot be read."""
    try:
        known = json.loads((environment.prefix / "pipx_metadata.json").read_text(encoding="utf-8"))
        return {canonical(name) for name in known["injected_packages"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
