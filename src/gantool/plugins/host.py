"""The plugin host: all components, the provider of each, and the plugins that do not work, with the error of each.

Built-ins are named as strings and enter by the same hooks as plugins. A broken plugin is noted and left out; asking
for a component that it would provide is an error that names it and the cause.
"""

import importlib.util
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gantool.api.kinds import KINDS
from gantool.api.specs import Spec
from gantool.errors import PluginError, UnknownNameError, UsageError, did_you_mean, shortened
from gantool.hints import component, note
from gantool.homes import at_home
from gantool.plugins.companions import explained, providing
from gantool.plugins.grammar import Choice, as_made, parse_choice, read_options
from gantool.plugins.loading import Candidate, CollectedSpecs, Key, built_in, collect, in_folder, installed
from gantool.plugins.selection import Chosen, guarded, title
from gantool.plugins.status import WIDTH_OF_A_CAUSE, Plugin, blocked, briefly, misnamed

BUILT_INS = (
    "gantool.builtin.architectures",
    "gantool.builtin.losses",
    "gantool.builtin.penalties",
    "gantool.builtin.augment",
    "gantool.builtin.balance",
    "gantool.builtin.optimizers",
    "gantool.builtin.sources",
    "gantool.builtin.extractors",
    "gantool.builtin.style_losses",
    "gantool.builtin.metrics",
    "gantool.builtin.observers",
    "gantool.cli.commands",
)

_MORE = (
    " A plugin may bring it: install its distribution, or name its folder with --plugins-dir or GANTOOL_PLUGINS_DIR."
)

_log = logging.getLogger(__name__)


class PluginHost:
    """Every component there is, by kind and name, and every plugin that was found, sound or not.

    `environ` gives GANTOOL_PLUGINS (only these plugins; empty for none), GANTOOL_BLOCK_PLUGINS (not these) and
    GANTOOL_PLUGINS_DIR (folders of plugins); they are named by distribution or by plugin name. Plugins in `fatal` end
    or hang the process that imports them: they are not imported, and count as broken for the reason given.
    """

    def __init__(
        self,
        *,
        built_ins: Sequence[str] = BUILT_INS,
        third_party: bool = True,
        environ: Mapping[str, str] | None = None,
        fatal: Mapping[Key, str] | None = None,
    ) -> None:
        self._fatal = fatal or {}
        self._environ = os.environ if environ is None else environ
        self._plugins: list[Plugin] = []
        self._components: dict[str, dict[str, tuple[Spec, Plugin]]] = {kind: {} for kind in KINDS}
        self._folders: set[Path] = set()
        for module in built_ins:
            found = importlib.util.find_spec(module)
            if found is not None and found.origin:
                self._load(built_in(module))
        for candidate in installed() if third_party else ():
            self._load(candidate)
        for folder in filter(None, self._environ.get("GANTOOL_PLUGINS_DIR", "").split(os.pathsep)):
            try:
                self.load_folder(Path(folder))
            except UsageError as error:  # a stale setting must not stop every command
                self._plugins.append(Plugin(Path(folder).name, folder, "", folder, "broken", str(error).rstrip(".")))

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """Every plugin that was found, in the order of loading."""
        return tuple(self._plugins)

    def load_folder(self, folder: Path) -> None:
        """Load each `*.py` file and package of a folder as a plugin; a second time does nothing.

        Raises UsageError when it is no folder.
        """
        folder = at_home(folder).resolve()
        if not folder.is_dir():
            raise UsageError(f"There is no plugin folder {folder}.")
        if folder not in self._folders:
            self._folders.add(folder)
            for candidate in in_folder(folder):
                self._load(candidate)

    def add(self, plugin: object, name: str) -> None:
        """Load a module, or anything with hooks, as the plugin `name`, whatever plugins the environment allows.

        Its errors are noted, as those of any plugin.
        """
        self._load(Candidate(name, name, "", "added", lambda: plugin), explicit=True)

    def specs(self, kind: str) -> dict[str, Spec]:
        """The components of one kind by name: built-ins first, then plugins."""
        return {name: spec for name, (spec, _) in self._of(kind).items()}

    def find(self, kind: str, name: str) -> Spec:
        """The spec of this name. Raises UnknownNameError, or PluginError when a broken plugin should have it."""
        if name not in self._of(kind):
            raise self._missing(kind, name)
        return self._of(kind)[name][0]

    def owner(self, kind: str, name: str) -> str:
        """The distribution that provides the component; errors as `find`."""
        self.find(kind, name)
        return self._of(kind)[name][1].distribution

    def resolve(self, kind: str, choice: str | Choice, stored: bool = False) -> Chosen:
        """Read `NAME[:key=value,...]`, maybe as `stored` in a run. Raises UsageError and what `find` raises."""
        choice = parse_choice(choice) if isinstance(choice, str) else choice
        spec, owner = self.find(kind, choice.name), self.owner(kind, choice.name)
        called = title(kind, spec.name, owner)
        text = as_made(spec, choice) if stored else choice
        options = guarded(called, owner, " over its options", lambda: read_options(spec, text))
        return Chosen(kind, spec, options, owner, self._of(kind)[choice.name][1].title)

    def provided(self) -> Iterator[tuple[Plugin, Spec]]:
        """Every component that a plugin provides, with the plugin."""
        for components in self._components.values():
            yield from ((plugin, spec) for spec, plugin in components.values() if plugin.distribution != "gantool")

    def complaints(self) -> list[str]:
        """One sentence for each plugin that is broken or clashes with another."""
        return [plugin.complaint for plugin in self._plugins if plugin.complaint]

    def misnamed(self) -> list[str]:
        """One sentence for each name in the environment that no plugin has."""
        return list(misnamed(self._plugins, self._environ))

    def _of(self, kind: str) -> dict[str, tuple[Spec, Plugin]]:
        if kind not in self._components:
            raise UsageError(
                f"There is no kind of component {kind!r}.{did_you_mean(kind, KINDS)} Kinds: {', '.join(KINDS)}."
            )
        return self._components[kind]

    def _load(self, candidate: Candidate, explicit: bool = False) -> None:
        plugin = Plugin.of(candidate)
        reason = None if explicit or candidate.origin == "built-in" else blocked(plugin, self._environ)
        if reason:
            self._plugins.append(replace(plugin, status="blocked", error=reason))
            return
        twin = next((other for other in self._plugins if other.from_folder and other.name == plugin.name), None)
        if plugin.from_folder and twin:
            error = f"another module is named {plugin.name!r} already ({twin.origin}); rename one"
            self._plugins.append(replace(plugin, status="broken", error=error))
            return
        fatal = self._fatal.get(candidate.key)
        collected = CollectedSpecs(error=fatal) if fatal else collect(candidate)
        if collected.error:
            error, claimed = collected.error.rstrip("."), frozenset(collected.claimed)
            self._plugins.append(replace(plugin, status="broken", error=error, claimed=claimed))
            return
        clashes, provides = [], {}
        for kind, specs in collected.specs.items():
            taken = {
                spec.name: self._components[kind][spec.name][1] for spec in specs if spec.name in self._components[kind]
            }
            clashes += [
                f"its {kind} {name!r} is ignored, because {owner.title} already provides one"
                for name, owner in taken.items()
            ]
            provides[KINDS[kind].plural] = tuple(spec.name for spec in specs if spec.name not in taken)
        plugin = replace(plugin, provides=provides)
        if clashes:
            plugin = replace(plugin, status="clash", error="; ".join(clashes))
        self._plugins.append(plugin)
        for kind, specs in collected.specs.items():
            for spec in specs:
                self._components[kind].setdefault(spec.name, (spec, plugin))

    def _missing(self, kind: str, name: str) -> UnknownNameError | PluginError:
        """The error that explains best why there is no such component."""
        known, brought_in = self._of(kind), providing(kind)
        names = [name, brought_in[name].distribution] if name in brought_in else [name]
        for plugin in self._plugins:
            if plugin.status in ("broken", "blocked") and (name in plugin.claimed or any(map(plugin.is_called, names))):
                why = shortened(plugin.error or "", WIDTH_OF_A_CAUSE)
                return PluginError(
                    f"{kind.capitalize()} {name!r} is not available: plugin {plugin.title} is {plugin.status} ({why})."
                )
        unread = [plugin for plugin in self._plugins if plugin.status == "broken"]
        maybe = f" Broken plugins that may have it: {briefly(unread)}." if unread else ""
        if told := note(kind, name):
            return UnknownNameError(f"There is no {kind} {name!r}. {told}{maybe}")
        others = {spec.flag: self._components[other] for other, spec in KINDS.items() if spec.flag and other != kind}
        near, also = component(kind, name, [*known, *brought_in], others)
        if near not in known and (brought := explained(kind, near or name)):
            start = "" if near == name else f"There is no {kind} {name!r}. Did you mean {near!r}? "
            return UnknownNameError(f"{start}{brought}{'.' if maybe else ''}{maybe}")
        hint = f" Did you mean {near!r}?" if near else ""
        there = f" There are: {', '.join(known)}." if known else " There is none of this kind."
        more = "" if also or near else _MORE
        return UnknownNameError(f"There is no {kind} {name!r}.{hint}{also}{there}{maybe}{more}")


_host: PluginHost | None = None


def host() -> PluginHost:
    """The host of this process, made on first use; complaints go to the log, once."""
    return look_in(()) if _host is None else _host


@contextmanager
def using(other: PluginHost) -> Iterator[None]:
    """Make `other` the host of this process inside the block."""
    global _host
    before, _host = _host, other
    try:
        yield
    finally:
        _host = before


def look_in(folders: Iterable[Path], survey: Callable[[], Mapping[Key, str]] | None = None) -> PluginHost:
    """Load these folders of plugins into the host of this process too. Raises UsageError when one is no folder.

    A host that is made here gets from `survey` the plugins that must not be imported, each with the reason.
    """
    global _host
    is_new, before = _host is None, 0 if _host is None else len(_host.plugins)
    if _host is None:
        _host = PluginHost(fatal=survey() if survey else None)
    for folder in folders:
        _host.load_folder(folder)
    _report(_host.plugins[before:])
    if is_new:  # not earlier: the plugin that the environment names may be in one of the folders
        for complaint in _host.misnamed():
            _log.warning(complaint)
    return _host


def _report(plugins: Iterable[Plugin]) -> None:
    for plugin in plugins:
        if plugin.complaint:
            _log.warning(plugin.complaint)
