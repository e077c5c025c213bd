"""Environments of `uv tool`: each `uv tool install` makes one anew from its arguments, so they repeat its receipt.

What else the receipt has, and an argument can say by a file only or not at all, is named beside the command.
"""

import re
import shlex
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard
from urllib.parse import parse_qs, urlsplit, urlunsplit

from gantool.errors import PluginError
from gantool.plugin_tools.environment import Environment
from gantool.plugin_tools.pins import PINNED
from gantool.plugin_tools.requirements import Requirement
from gantool.plugins.loading import canonical

RECEIPT = "uv-receipt.toml"
_LISTS = ("extra-index-url", "find-links", "no-build-package", "no-binary-package", "no-sources-package")
_WORDS = (
    "index-url", "index-strategy", "keyring-provider", "resolution", "prerelease", "fork-strategy", "exclude-newer",
    "link-mode",
)  # fmt: skip
_FLAGS = ("no-index", "no-build", "no-binary", "no-sources", "compile-bytecode")
_BY_FILES = ("constraints", "overrides", "excludes", "build-constraint-dependencies")
_MORE = ("marker", "index", "subdirectory")
"""What a requirement of a receipt may have beside what is repeated of it."""


def advice(
    environment: Environment,
    *,
    add: Sequence[Requirement] = (),
    remove: Sequence[str] = (),
    upgrade: bool = False,
    constraints: Path | None = None,
) -> PluginError:
    """The one command that adds or removes all of these and repeats what the tool was made of; what not, is said."""
    tool = _receipt(environment)
    listed = [_read(one) for one in _list(tool.get("requirements")) if isinstance(one, dict | str)]  # the tool is first
    gone = {canonical(name) for name in (*remove, *(one.distribution for one in add)) if name}
    places = {_place(one.text) for one in add}
    kept = [
        one
        for one in listed[1:]
        if canonical(str(one.get("name", ""))) not in gone and _place(_written(one, "")[-1]) not in places
    ]
    argv = ["uv", "tool", "install", *(["--python", str(tool["python"])] if "python" in tool else [])]
    argv += _options(tool)
    argv += _written(listed[0], "--editable") if listed else [environment.name]
    for one in kept:
        argv += _with(*_written(one, "--with-editable"))
    for requirement in add:
        argv += ["--with-editable" if requirement.editable else "--with", requirement.text]
        if upgrade and requirement.distribution:
            argv += ["--upgrade-package", requirement.distribution]
    held = ""
    if constraints is not None:
        argv += ["--constraints", str(constraints)]
        held = " --constraints holds torch at its version, in 'uv tool upgrade' too, until this is run without it."
    lost = _lost(tool, [*listed[:1], *kept], remove=remove, held=constraints is not None)
    unsaid = (
        f" It does not repeat {', '.join(lost)} of {environment.prefix / RECEIPT}: add that yourself." if lost else ""
    )
    purpose = "remove" if remove else "upgrade" if upgrade else "add"
    return PluginError(
        f"gantool lives in an environment of 'uv tool', which keeps only what it was told.{held}{unsaid} "
        f"To {purpose} {'it' if len(add) + len(remove) == 1 else 'them'}, run: {shlex.join(argv)}"
    )


def _receipt(environment: Environment) -> dict[str, Any]:
    """What the environment was made of; nothing is known of a receipt that cannot be read."""
    try:
        found = tomllib.loads((environment.prefix / RECEIPT).read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _read(one: dict[str, Any] | str) -> dict[str, Any]:
    """A requirement of a receipt; the first versions of uv wrote them as text."""
    if isinstance(one, dict):
        return one
    name = re.match(r"[\w.-]+", one.strip())
    return {"name": name[0] if name else "", "text": one}


def _options_of(tool: dict[str, Any]) -> dict[str, Any]:
    """Those that are set; of a span that newer packages are kept out by, the receipt has the day it began on too."""
    found = tool.get("options")
    options = (
        {name: value for name, value in found.items() if value not in (None, False, [])} if _is_table(found) else {}
    )
    span = options.pop("exclude-newer-span", None)
    return {**options, "exclude-newer": span} if span else options


def _is_table(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _options(tool: dict[str, Any]) -> list[str]:
    """Where packages come from, since the CPU's torch has an index of its own, and which are taken."""
    options, argv = _options_of(tool), list[str]()
    for index in _list(options.get("index")):
        if _repeatable(index):
            name = f"{index['name']}=" if index.get("name") else ""
            argv += ["--default-index" if index.get("default") else "--index", f"{name}{index['url']}"]
    for name in _LISTS:
        for value in _list(options.get(name)):
            argv += [f"--{name}", str(value)]
    for name in _WORDS:
        if isinstance(options.get(name), str):
            argv += [f"--{name}", options[name]]
    return argv + [f"--{name}" for name in _FLAGS if options.get(name) is True]


def _repeatable(index: object) -> bool:
    """Whether an argument can name it: an explicit index, for some packages only, it cannot."""
    return _is_table(index) and isinstance(index.get("url"), str) and not index.get("explicit")


def _said(name: str, value: object) -> bool:
    """Whether the arguments repeat an option of a receipt as it is there."""
    if name == "index":
        return isinstance(value, list) and all(map(_repeatable, value))
    if name in _LISTS:
        return isinstance(value, list)
    return (name in _WORDS and isinstance(value, str)) or (name in _FLAGS and value is True)


def _lost(tool: dict[str, Any], kept: Sequence[dict[str, Any]], *, remove: Sequence[str], held: bool) -> list[str]:
    """What of the receipt the command does not repeat; constraints of torch it does, when they are `held`."""
    own = PINNED if held else ()
    lost = [
        name
        for name in _BY_FILES
        if any(
            not (_is_table(one) and one.get("name") in own and name == "constraints") for one in _list(tool.get(name))
        )
    ]
    lost += [name for name, value in _options_of(tool).items() if not _said(name, value)]
    lost += [f"{key} of {one.get('name')}" for one in kept for key in _MORE if key in one]
    providers = {str(one["from"]) for one in _list(tool.get("entrypoints")) if _is_table(one) and "from" in one}
    away = {canonical(name) for name in (*remove, *(str(one.get("name")) for one in kept[:1]))}
    return lost + [f"executables from {name}" for name in sorted(providers) if canonical(name) not in away]


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


def _place(text: str) -> str:
    """Where a requirement comes from, whatever its name and revision: two of the same place are one."""
    place = re.sub(r"^[^@/]*@\s*", "", text) if "://" in text else text
    parts = urlsplit(place.removeprefix("git+"))
    path = parts.path.partition("@")[0].removesuffix(".git") if place.startswith("git+") else parts.path
    within = re.search(r"subdirectory=([^&]+)", parts.fragment)
    return urlunsplit(parts._replace(path=path.rstrip("/"), query="", fragment=within[0] if within else ""))


def _written(one: dict[str, Any], editable_flag: str) -> list[str]:
    """A requirement of a receipt as it is typed."""
    if "text" in one:
        return [str(one["text"])]
    extras = f"[{','.join(map(str, one['extras']))}]" if _list(one.get("extras")) else ""
    name = f"{one.get('name', 'gantool')}{extras}"
    if "editable" in one:
        return [editable_flag, f"{one['editable']}{extras}"]
    for key in ("directory", "path"):
        if key in one:
            return [f"{one[key]}{extras}"]
    if "url" in one or "git" in one:
        return [f"{name} @ {one.get('url') or _git(str(one['git']))}"]
    return [f"{name}{one.get('specifier', '')}"]
