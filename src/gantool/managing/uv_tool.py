"""Environments of `uv tool`: each `uv tool install` makes one anew from its arguments, so they repeat its receipt."""

import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from gantool.errors import PluginError
from gantool.managing.environment import Environment
from gantool.managing.requirements import Requirement
from gantool.plugin_loading import normal

_LISTS = ("extra-index-url", "find-links")
_WORDS = ("index-url", "index-strategy", "prerelease")


def advice(
    environment: Environment,
    *,
    add: Sequence[Requirement] = (),
    remove: Sequence[str] = (),
    upgrade: bool = False,
    constraints: Path | None = None,
) -> PluginError:
    """The one command that adds or removes all of these and keeps everything else that the tool was made of."""
    tool = _receipt(environment)
    listed = [one for one in tool.get("requirements", []) if isinstance(one, dict)]  # the first is the tool itself
    gone = {normal(name) for name in (*remove, *(one.distribution for one in add)) if name}
    argv = ["uv", "tool", "install", *(["--python", str(tool["python"])] if "python" in tool else [])]
    argv += _options(tool.get("options", {}))
    argv += _written(listed[0], "--editable") if listed else [environment.name]
    for one in listed[1:]:
        if normal(str(one.get("name", ""))) not in gone:
            argv += _with(*_written(one, "--with-editable"))
    for requirement in add:
        argv += ["--with-editable" if requirement.editable else "--with", requirement.text]
        if upgrade and requirement.distribution:
            argv += ["--upgrade-package", requirement.distribution]
    held = ""
    if constraints is not None:
        argv += ["--constraints", str(constraints)]
        held = " --constraints holds torch at its version, in 'uv tool upgrade' too, until this is run without it."
    purpose = "remove" if remove else "upgrade" if upgrade else "add"
    return PluginError(
        f"gantool lives in an environment of 'uv tool', which keeps only what it was told.{held} "
        f"To {purpose} {'it' if len(add) + len(remove) == 1 else 'them'}, run: {shlex.join(argv)}"
    )


def _receipt(environment: Environment) -> dict[str, Any]:
    """What the environment was made of; nothing is known of a receipt that cannot be read."""
    try:
        found = tomllib.loads((environment.prefix / "uv-receipt.toml").read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _options(options: dict[str, Any]) -> list[str]:
    """Where packages come from: the CPU's torch has an index of its own."""
    argv: list[str] = []
    for index in options.get("index", []):
        argv += ["--default-index" if index.get("default") else "--index", str(index.get("url"))]
    for name in _LISTS:
        for value in options.get(name, []):
            argv += [f"--{name}", str(value)]
    for name in _WORDS:
        if name in options:
            argv += [f"--{name}", str(options[name])]
    return argv


def _with(*words: str) -> list[str]:
    return list(words) if words[0].startswith("--") else ["--with", *words]


def _git(url: str) -> str:
    """A receipt keeps revision and folder as the URL's query; a requirement has them behind `@` and `#`."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    revision = next((asked[kind][0] for kind in ("rev", "tag", "branch") if kind in asked), "")
    plain = urlunsplit(parts._replace(query="", fragment=""))
    within = f"#subdirectory={asked['subdirectory'][0]}" if "subdirectory" in asked else ""
    return f"git+{plain}" + (f"@{revision}" if revision else "") + within


def _written(one: dict[str, Any], editable_flag: str) -> list[str]:
    """A requirement of a receipt as it is typed."""
    extras = f"[{','.join(one['extras'])}]" if one.get("extras") else ""
    name = f"{one.get('name', 'gantool')}{extras}"
    if "editable" in one:
        return [editable_flag, str(one["editable"])]
    for key in ("directory", "path"):
        if key in one:
            return [str(one[key])]
    if "url" in one or "git" in one:
        return [f"{name} @ {one.get('url') or _git(str(one['git']))}"]
    return [f"{name}{one.get('specifier', '')}"]
