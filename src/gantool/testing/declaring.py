"""Declarations of components of any kind: the spec, the imports of its module, and options as text."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from gantool.api.specs import AUTO, Architecture
from gantool.errors import PluginError
from gantool.plugins.grammar import Choice, parse_choice, read_options
from gantool.plugins.loading import HEAVY
from gantool.plugins.selection import Chosen
from gantool.plugins.spec_check import check_spec
from gantool.run.config import write_settings
from gantool.testing.choosing import SETTING, declaring_module, module_of

SECONDS = 60
DEVICES = ("", "cpu", "cuda")
"""The devices that `settle` is asked for: none, as where networks are built without a run, and the two usual ones."""
_PROBE = """
import importlib, json, sys
sys.path[:] = json.loads(sys.argv[2])
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print("\\n" + json.dumps(sorted((set(sys.modules) - before) & set(json.loads(sys.argv[3])))))
"""


def the_spec_is_sound(component: Chosen) -> Iterator[str]:
    """The spec is sound."""
    check_spec(component.kind, component.spec)
    yield from ()


def declaring_imports_nothing_heavy(component: Chosen) -> Iterator[str]:
    """Importing the module that declares it imports no torch, torchvision, numpy or PIL."""
    module = declaring_module(component.spec)
    heavy = _imported_by(module) if module else ()
    if heavy:
        yield (
            f"importing {module}, which declares it, imports {' and '.join(heavy)}, and every gantool command waits "
            "for it. Keep options and spec in a module of their own, and name the factory as text: "
            f"{component.spec.factory!r} is imported on use."
        )


def auto_options_are_resolved(component: Chosen) -> Iterator[str]:
    """Options at "auto" are resolved on any device by its `settle` function, whose module imports nothing heavy."""
    place = component.spec.settle
    if place is None:
        return
    for device in DEVICES:
        if faults := list(_faults_in_resolving(component, place, device)):
            yield from faults
            break
    if heavy := _imported_by(module_of(place)):
        yield f"{place} imports {' and '.join(heavy)}, and help pages wait for it. Keep it in a module of its own."


def _faults_in_resolving(component: Chosen, place: str, device: str) -> Iterator[str]:
    spec = component.spec
    able = spec.resolutions if isinstance(spec, Architecture) else ()
    resolution = able[0] if able else SETTING.resolution
    resolved, why = component.resolved(replace(SETTING, resolution=resolution, device=device))
    if resolved is not component and not why.strip():
        yield f"{place} returns options without a reason. Return (options, why): a run prints what was chosen and why."
    left = [name for name in type(resolved.options).model_fields if getattr(resolved.options, name) == AUTO]
    if left:
        yield (
            f'{place} leaves option {left[0]!r} at "auto". Return a value for it: the run folder records every option.'
        )
    yield from options_survive_as_text(resolved)


def options_survive_as_text(component: Chosen) -> Iterator[str]:
    """Its options, written as text, read back as the same options: in a flag, in config.toml and in a model's card."""
    text = component.text
    setting = "penalty" if component.kind == "penalty" else "arch"
    toml = tomllib.loads(write_settings({setting: text}))[setting]
    card = json.loads(json.dumps({"architecture": text}))["architecture"]
    for place, written in (("a flag", text), ("config.toml", toml), ("a model's card", card)):
        choice: Choice = parse_choice(written)
        again = read_options(component.spec, choice)
        changed = [name for name in type(again).model_fields if not _same(component, again, name)]
        if choice.name != component.spec.name or changed:
            what = f"options {', '.join(changed)} do" if len(changed) > 1 else f"option {', '.join(changed)!r} does"
            name = (changed or [""])[0]
            yield (
                f"its {what} not come back from {place} as written ({written!r}): {name}="
                f"{getattr(component.options, name, None)!r} became {getattr(again, name, None)!r}. A validator "
                "must leave its own results unchanged, and return values that can be written as text."
            )
            return


def _same(component: Chosen, again: object, name: str) -> bool:
    before, after = getattr(component.options, name), getattr(again, name)
    return type(before) is type(after) and bool(before == after)


@lru_cache
def _imported_by(module: str) -> tuple[str, ...]:
    """The modules of HEAVY that importing the module imports. Raises PluginError when it cannot be imported."""
    known = sys.modules.get(module.partition(".")[0])
    file = None if known is None else known.__file__
    root = Path(file or "")
    folder = root.parent.parent if root.name == "__init__.py" else root.parent
    path = [str(Path(place or ".").resolve()) for place in (*sys.path, str(folder))]
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, module, json.dumps(path), json.dumps(HEAVY)],
        capture_output=True, text=True, timeout=SECONDS, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip() or "it printed no error").splitlines()[-1]
        raise PluginError(f"The module {module}, which declares it, cannot be imported in a fresh Python ({last}).")
    return tuple(json.loads(done.stdout.strip().splitlines()[-1]))


DECLARING = (the_spec_is_sound, declaring_imports_nothing_heavy, options_survive_as_text, auto_options_are_resolved)
