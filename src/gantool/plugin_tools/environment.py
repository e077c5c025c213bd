"""The Python environment of gantool: the tool that manages its packages, and the command that changes them."""

import hashlib
import importlib.util
import re
import shlex
import shutil
import sys
import sysconfig
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from gantool.errors import PluginError
from gantool.files import cache_folder, write_text
from gantool.plugin_tools.requirements import PluginRequirement

PINNED = ("torch", "torchvision", "gantool")
Command = tuple[str, ...]


@dataclass(frozen=True)
class Environment:
    """An environment and its installers; `uv` is the program's path.

    `marker` is the file by which a system keeps its Python to itself (PEP 668).
    """

    python: str
    prefix: Path
    has_pip: bool = True
    uv: str | None = None
    marker: Path | None = None

    @property
    def owner(self) -> Literal["user", "pipx", "uv tool", "uvx", "system"]:
        """The tool that manages its packages; tools come before the system, on whose Python their environments lie."""
        if (
            re.fullmatch("(archive|builds|environments)-v[0-9]+", self.prefix.parent.name)
            and (self.prefix.parent.parent / "CACHEDIR.TAG").is_file()
        ):
            return "uvx"  # or `uv run --with`: its environments are parts of uv's cache
        if (self.prefix / "uv-receipt.toml").is_file():
            return "uv tool"
        if (self.prefix / "pipx_metadata.json").is_file():
            return "pipx"
        return "system" if self.marker else "user"

    def install_command(self, wanted: Sequence[PluginRequirement], *, upgrade: bool = False) -> Command:
        """The command that installs plugins and leaves torch, torchvision and gantool at their versions.

        Raises PluginError where the environment is pipx's, with the command for pipx, or where no installer is there.
        """
        held = ("--constraint", str(constraints_file()))
        specs = [word for each in wanted for word in each.words]
        if self.owner == "pipx" or self.has_pip:  # pip upgrades dependencies only where a plugin needs that
            return self._pip("install", *(("--upgrade",) if upgrade else ()), *held, *specs)
        newer = [word for each in wanted if each.distribution for word in ("--upgrade-package", each.distribution)]
        return self._uv("install", *(newer if upgrade else ()), *held, *specs)

    def uninstall_command(self, distributions: Sequence[str]) -> Command:
        """The command that removes distributions and nothing they depend on; raises as `install_command`."""
        if self.owner == "pipx" or self.has_pip:
            return self._pip("uninstall", "--yes", *distributions)
        return self._uv("uninstall", *distributions)

    def check_changeable(
        self, gantool: PluginRequirement, plugins: Sequence[PluginRequirement], upgraded: Sequence[str] = ()
    ) -> None:
        """Raise PluginError where packages are not added to an environment but a new one is made by one command.

        The command names gantool and all `plugins` that the new environment shall have; those `upgraded` by their
        distributions.
        """
        options = [word for each in plugins for word in ("--with-editable" if each.editable else "--with", each.text)]
        if self.owner == "uvx":
            raise PluginError(
                "gantool runs in an environment of uvx, which is a part of uv's cache and no place for plugins. Name "
                "them each time, with the extras and options that you gave now: "
                f"{shlex.join(('uvx', '--from', gantool.text, *options, 'gantool'))} ... For good, the same with "
                "'uv tool install' for 'uvx --from', and without the word gantool at its end."
            )
        if self.owner == "uv tool":
            held = str(constraints_file(gantool=False))  # uv keeps it, and gantool is to be upgraded some day
            newer = [word for name in upgraded for word in ("--upgrade-package", name)]
            again = (*gantool.with_extras(self._extras()).words, "--constraints", held, *newer, *options)
            raise PluginError(
                "gantool lives in an environment of 'uv tool', which makes it anew by each command. Run this, with the "
                f"options that you gave before, such as --index: {shlex.join(('uv', 'tool', 'install', *again))}"
            )
        if self.owner == "system":
            specs = [word for each in (gantool, *plugins) for word in each.words]
            raise PluginError(
                f"The packages of this Python belong to the system ({self.marker}), and changing them may break it. "
                "Give gantool an environment of its own: python3 -m venv ~/gantool && ~/gantool/bin/pip install "
                f"{shlex.join(specs)}"
            )

    def _extras(self) -> Sequence[str]:
        """The extras that gantool was installed with by `uv tool`."""
        receipt = tomllib.loads((self.prefix / "uv-receipt.toml").read_text(encoding="utf-8"))
        wanted = receipt.get("tool", {}).get("requirements", [])
        return next((each.get("extras", []) for each in wanted if each.get("name") == "gantool"), [])

    def _pip(self, verb: str, *arguments: str) -> Command:
        if self.owner == "pipx":
            command = shlex.join(("pipx", "runpip", self.prefix.name, verb, *arguments))
            raise PluginError(f"gantool lives in an environment of pipx, which is for pipx to change. Run: {command}")
        return (self.python, "-P", "-m", "pip", verb, "--disable-pip-version-check", "--no-input", *arguments)

    def _uv(self, verb: str, *arguments: str) -> Command:
        if self.uv is None:
            raise PluginError(
                f"There is neither pip nor uv for {self.python}. Fetch pip by '{self.python} -m ensurepip', then run "
                "this command again."
            )
        return (self.uv, "pip", verb, "--python", self.python, *arguments)


def this_environment() -> Environment:
    """The environment of this process."""
    has_pip = importlib.util.find_spec("pip") is not None
    folder = Path(sysconfig.get_path("stdlib", sysconfig.get_default_scheme()))
    marker = folder / "EXTERNALLY-MANAGED"  # does not bind virtual environments
    is_managed = sys.prefix == sys.base_prefix and marker.is_file()
    return Environment(sys.executable, Path(sys.prefix), has_pip, shutil.which("uv"), marker if is_managed else None)


def constraints_file(*, gantool: bool = True) -> Path:
    """The constraints file of this environment: torch, torchvision and gantool as installed, and gantool's needs.

    It stays in the cache folder, so that a printed command works.
    """
    pins = installed_pins()
    lines = [f"{name}=={version}" for name, version in pins.items() if gantool or name != "gantool"]
    # pip ignores installed packages that nothing in a request asks for, also those that gantool needs.
    needs = map(Requirement, metadata.requires("gantool") or ())
    lines += [
        f"{need.name}{need.specifier}"
        for need in needs
        if need.specifier and need.name not in pins and (need.marker is None or need.marker.evaluate({"extra": ""}))
    ]
    text = "".join(f"{line}\n" for line in lines)
    file = cache_folder() / f"constraints-{hashlib.sha256(text.encode()).hexdigest()[:12]}.txt"
    write_text(file, text)
    return file


def installed_pins() -> dict[str, str]:
    """The versions that must stay, local parts such as +cu130 included.

    Raises PluginError when gantool itself is not installed: an installer would fetch one for the plugin to depend on.
    """
    pins = {}
    for name in PINNED:
        try:
            pins[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if "gantool" not in pins:
        raise PluginError(
            f"gantool itself is not installed for {sys.executable} (it runs from a folder), so an installer would "
            "fetch another one for the plugin. Install this one first, for instance by 'pip install -e .' in its "
            "folder; a plugin that is not installed works from a folder too: --plugins-dir."
        )
    return pins
