"""Discovery of plugins, and loading them one by one, so that a broken plugin harms no other."""

import importlib
import importlib.util
import inspect
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from types import FrameType

import pluggy

from gantool import __version__
from gantool.api import hookspecs
from gantool.api.kinds import KINDS
from gantool.api.specs import API_VERSION, Spec
from gantool.errors import PluginError, cause, did_you_mean
from gantool.plugins.folder_modules import import_file
from gantool.plugins.spec_check import check_spec
from gantool.signals import TERMINATING

GROUP = "gantool"
UNKNOWN = "unknown"
HEAVY = (
    "torch", "torchvision", "torchaudio", "numpy", "PIL", "scipy", "pandas", "matplotlib", "sklearn", "skimage", "cv2",
    "tensorflow", "jax", "transformers", "tensorboard",
)  # fmt: skip
"""Modules that take long to import: a plugin needs none of them to say what it offers."""


Key = tuple[str, str, str]
"""Tells a candidate from all others, in other processes too: its name, distribution and origin."""


@dataclass(frozen=True)
class Candidate:
    """A plugin that was found and not yet loaded; `load` may do anything, since it runs foreign code."""

    name: str
    distribution: str
    version: str
    origin: str
    load: Callable[[], object]

    @property
    def key(self) -> Key:
        """Its unique key."""
        return self.name, self.distribution, self.origin


@dataclass
class CollectedSpecs:
    """The result of loading a candidate: its specs by kind, or the `error`, and the names that it `claimed` anyway."""

    specs: dict[str, list[Spec]] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    error: str | None = None


def canonical(name: str) -> str:
    """A distribution's name as PyPI compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def normal(name: str) -> str:
    """The same without the `gantool-` that plugins begin with."""
    return canonical(name).removeprefix("gantool-")


def built_in(module: str) -> Candidate:
    """One of gantool's own rooms, named as a dotted string."""
    return Candidate(module, "gantool", __version__, "built-in", lambda: importlib.import_module(module))


def installed() -> Iterator[Candidate]:
    """The entry points of every installed distribution, by distribution and name.

    Damaged metadata stops nothing: a distribution whose name cannot be read is called "unknown", one whose entry points
    cannot be read is passed over.
    """
    found: dict[str, list[Candidate]] = {}
    for distribution in metadata.distributions():
        try:
            entry_points = [point for point in distribution.entry_points if point.group == GROUP]
        except Exception:  # not for gantool to mend, and perhaps no plugin
            continue
        if entry_points:
            owner, version = _metadata(distribution, "name"), _metadata(distribution, "version")
            key = canonical(owner) or f"{UNKNOWN} {len(found)}"  # two of them are not the same
            found.setdefault(
                key,
                [Candidate(point.name, owner or UNKNOWN, version, "installed", point.load) for point in entry_points],
            )
    for owner in sorted(found):
        yield from sorted(found[owner], key=lambda candidate: candidate.name)


def _metadata(distribution: metadata.Distribution, what: str) -> str:
    """A field of the metadata; empty where it is missing, as in what an interrupted pip leaves behind."""
    try:
        return str(getattr(distribution, what) or "")
    except Exception:  # which one depends on the version of Python
        return ""


def in_folder(folder: Path) -> Iterator[Candidate]:
    """Every `*.py` file and package of a folder, by name; those that begin with `_` or `.` are not plugins."""
    for path in sorted(folder.iterdir()):
        package = path / "__init__.py"
        file = package if package.is_file() else path if path.suffix == ".py" and path.is_file() else None
        if file is not None and not path.name.startswith(("_", ".")):
            yield Candidate(path.stem, path.stem, "", str(path), partial(import_file, path.stem, file))


def collect(candidate: Candidate) -> CollectedSpecs:
    """Load a plugin and call its hooks for specs; an exception becomes the `error`.

    Raises what a signal of the user or of a scheduler raises (Ctrl-C, SIGTERM), also where the plugin swallowed it.
    """
    collected, raised = CollectedSpecs(), None
    with _noting_signals() as stops:
        try:
            with redirect_stdout(sys.stderr):  # standard output carries results, and a plugin may print
                plugin = candidate.load()
                _check_api(plugin)
                _call_hooks(plugin, candidate, collected)
        except BaseException as error:  # SystemExit included
            if stops is None and isinstance(error, KeyboardInterrupt):
                raise
            collected.error = str(error) if isinstance(error, PluginError) else cause(error)
            raised = error
    if stops:
        raise stops[0] from (None if raised is stops[0] else raised)
    return collected


@contextmanager
def _noting_signals() -> Iterator[list[BaseException] | None]:
    """What the handlers of signals that interrupt the block raised; None where they cannot be observed.

    A KeyboardInterrupt without a signal is a plugin's own; a handler that notes the signal and goes on stops nothing.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield None
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *TERMINATING)}
    stops: list[BaseException] = []

    def note(number: int, frame: FrameType | None) -> None:
        handler = before[signal.Signals(number)]
        if callable(handler):
            try:
                handler(number, frame)
            except BaseException as stop:
                stops.append(stop)
                raise

    noted = [number for number, handler in before.items() if callable(handler)]
    for number in noted:
        signal.signal(number, note)
    try:
        yield stops
    finally:
        for number in noted:
            if signal.getsignal(number) is note:
                signal.signal(number, before[number])


def _check_api(plugin: object) -> None:
    wanted = getattr(plugin, "gantool_api_version", API_VERSION)
    if not isinstance(wanted, int) or wanted > API_VERSION:
        raise PluginError(
            f"it is written for plugin interface {wanted}, this gantool offers {API_VERSION}; update gantool"
        )


def _call_hooks(plugin: object, candidate: Candidate, collected: CollectedSpecs) -> None:
    manager = pluggy.PluginManager(GROUP)  # one each, so that no plugin meets another
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, candidate.name)
    except pluggy.PluginValidationError as error:
        if " are declared in the hookimpl" not in str(error):  # but one that wraps others, and is no generator
            raise
        raise PluginError(f"a hook of it takes arguments, and hooks get none ({_definition(error)})") from error
    _check_hook_names(plugin, manager)
    for kind, hook in ((kind.name, kind.hook) for kind in KINDS.values()):
        results = getattr(manager.hook, hook)()
        if len(results) < len(getattr(manager.hook, hook).get_hookimpls()):  # pluggy drops None
            raise PluginError(f"{hook} returned None, not a list of specs")
        for specs in results:
            if not isinstance(specs, list):
                raise PluginError(f"{hook} returned {type(specs).__name__}, not a list of specs")
            for spec in specs:
                collected.claimed |= {name for name in [getattr(spec, "name", None)] if isinstance(name, str)}
                check_spec(kind, spec)
                if any(spec.name == other.name for other in collected.specs.get(kind, [])):
                    raise PluginError(f"{hook} returned two specs named {spec.name!r}")
                collected.specs.setdefault(kind, []).append(spec)


def _definition(error: Exception) -> str:
    """The hook as it is defined, `gantool_losses(config)`, out of pluggy's message."""
    found = re.search(r"gantool_\w+\(.*\)", str(error))
    return found[0] if found else str(error)


def _check_hook_names(plugin: object, manager: pluggy.PluginManager) -> None:
    known = [kind.hook for kind in KINDS.values()]
    callers = manager.get_hookcallers(plugin) or []
    for caller in callers:
        if not caller.has_spec():
            raise PluginError(
                f"it implements {caller.name!r}, which is no hook of gantool.{did_you_mean(caller.name, known)}"
            )
    for name, _ in inspect.getmembers(plugin, inspect.isroutine):
        if name in known and name not in {caller.name for caller in callers}:
            raise PluginError(f"its {name} lacks the @gantool.hookimpl above it")
    if not callers:
        raise PluginError(f"it implements no hook ({', '.join(known)})")
