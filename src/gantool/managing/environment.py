"""The Python environment that gantool runs in: who may change its packages, and what there is to do it with."""

import importlib.util
import shutil
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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


def tool_requirements(environment: Environment) -> tuple[str | None, list[dict[str, Any]]]:
    """What a `uv tool` environment was made of, by its uv-receipt.toml: the Python asked for, and the requirements.

    The first requirement is the tool. Nothing is known of a receipt that cannot be read.
    """
    try:
        receipt = tomllib.loads((environment.prefix / "uv-receipt.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None, []
    tool = receipt.get("tool", {})
    listed = tool.get("requirements", [])
    python = tool.get("python")
    return python if isinstance(python, str) else None, [one for one in listed if isinstance(one, dict)]
