"""From what an author names to a component ready to build: text in the host's grammar, or a spec itself."""

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args, get_origin

from gantool.api.hookspecs import hookimpl
from gantool.api.kinds import KINDS
from gantool.api.specs import Options, Setting, Spec
from gantool.errors import PluginError
from gantool.plugins.grammar import Choice
from gantool.plugins.host import PluginHost, host, using
from gantool.plugins.selection import Chosen
from gantool.plugins.spec_check import check_spec

SETTING = Setting(resolution=16, channels=3, batch=4, images=16_000, count=lambda: 64)
"""The run for which options at "auto" are resolved."""


@contextmanager
def chosen(kind: str, choice: str | Spec) -> Iterator[tuple[Chosen, PluginHost]]:
    """The component with its options, and a host that knows it, which is the host of this process meanwhile.

    A spec that the host does not have brings all of the plugin that declares it. Raises UsageError and PluginError.
    """
    known = host()
    if isinstance(choice, str):
        yield known.resolve(kind, choice), known
        return
    check_spec(kind, choice)
    if known.specs(kind).get(choice.name) != choice:
        known = _host_with(kind, choice)
    with using(known):
        yield known.resolve(kind, Choice(choice.name)), known


def resolved(component: Chosen) -> Chosen:
    """With options at "auto" replaced by what suits a short run; an architecture is resolved for each shape."""
    return component if component.kind == "architecture" else component.resolved(SETTING)[0]


def module_of(place: str) -> str:
    """Of `"module:callable"`, the module."""
    return place.partition(":")[0]


def declaring_module(spec: Spec) -> str:
    """The module that declares a spec: one with gantool's hooks, or that of its options; empty if unknown."""
    factory, options = module_of(spec.factory), spec.options.__module__
    for name in (options, options.partition(".")[0], factory, factory.partition(".")[0]):
        if any(hasattr(sys.modules.get(name), kind.hook) for kind in KINDS.values()):
            return name
    own = spec.options is not Options and options != factory and hasattr(sys.modules.get(options), "__file__")
    return options if own else ""


def owner_of(spec: Spec) -> str:
    """The package that declares a spec, by which its errors name it."""
    return (declaring_module(spec) or module_of(spec.factory)).partition(".")[0]


def _host_with(kind: str, spec: Spec) -> PluginHost:
    home = declaring_module(spec)
    made = PluginHost(third_party=False, environ={})
    made.add(_only(kind, spec), owner_of(spec))
    if trouble := made.complaints():
        raise PluginError(" ".join(trouble))
    module = sys.modules.get(home)
    if any(hasattr(module, kind.hook) for kind in KINDS.values()):
        made.add(module, home)  # a recipe may name what else the plugin brings
    return made


def _only(kind: str, spec: Spec) -> object:
    """A plugin that provides this alone."""
    plugin = types.ModuleType(f"only_{spec.name}")
    setattr(plugin, KINDS[kind].hook, hookimpl(lambda: [spec]))
    return plugin


def neighbours(component: Chosen) -> Iterator[tuple[str, Any]]:
    """Each option with another value that its type allows, where that is easy to tell."""
    for name, info in type(component.options).model_fields.items():
        value = getattr(component.options, name)
        if isinstance(value, bool):
            yield name, not value
        elif isinstance(value, int):
            yield name, value + 1
        elif get_origin(info.annotation) is Literal:
            yield from ((name, other) for other in get_args(info.annotation) if other != value)
