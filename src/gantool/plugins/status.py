"""A plugin that was found: its origin, its status, its components, and whether the environment allows it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gantool.errors import nearest, sentence, shortened
from gantool.plugins.loading import Candidate, normal

WIDTH_OF_A_CAUSE = 200
"""The longest error of a plugin in a warning, in characters; `gantool plugins list` has all of it."""

_WIDTH_AMONG_OTHERS = 80
_FEW = 3
_BEGINNING = re.compile("^gantool[-_]")


@dataclass(frozen=True)
class Plugin:
    """A plugin as `gantool plugins list` shows it.

    `status` is ok, broken (left out), clash (some of its names belong to others) or blocked (not wanted); `error` says
    why in a phrase. `provides` maps the kinds, in the plural, to the names in use.
    """

    name: str
    distribution: str
    version: str
    origin: str
    status: str = "ok"
    error: str | None = None
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    claimed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, candidate: Candidate) -> "Plugin":
        """The plugin of a candidate that is not loaded yet."""
        return cls(candidate.name, candidate.distribution, candidate.version, candidate.origin)

    @property
    def complaint(self) -> str | None:
        """A warning about the plugin, in a sentence; None when it is sound or blocked."""
        what = {"broken": "is broken and left out", "clash": "is used in part"}.get(self.status)
        if what is None or self.error is None:
            return None
        error = shortened(self.error, WIDTH_OF_A_CAUSE)
        more = " 'gantool plugins list' shows the rest." if error != self.error else ""
        return sentence(f"Plugin {self.title} {what}: {error}") + more

    @property
    def from_folder(self) -> bool:
        """True if it is a file or package of a plugin folder."""
        return self.origin not in ("built-in", "installed", "added")

    def is_called(self, name: str) -> bool:
        """True if the name means this plugin: its own or that of its distribution, with or without `gantool-`."""
        return normal(name) in {normal(self.name), normal(self.distribution)}

    @property
    def title(self) -> str:
        """Distribution and version."""
        return f"{self.distribution} {self.version}".strip()


def briefly(plugins: Sequence[Plugin]) -> str:
    """Broken plugins and their errors, for the middle of a sentence; the first few of many."""
    listed = [f"{plugin.title} ({shortened(plugin.error or '', _WIDTH_AMONG_OTHERS)})" for plugin in plugins[:_FEW]]
    more = f" and {len(plugins) - _FEW} more ('gantool plugins list')" if len(plugins) > _FEW else ""
    return ", ".join(listed) + more


def blocked(plugin: Plugin, environ: Mapping[str, str]) -> str | None:
    """The reason why the environment blocks this plugin; None when it does not."""
    wanted = environ.get("GANTOOL_PLUGINS")
    if wanted is not None and not any(map(plugin.is_called, _names(wanted))):
        return "GANTOOL_PLUGINS does not name it"
    unwanted = _names(environ.get("GANTOOL_BLOCK_PLUGINS", ""))
    return "GANTOOL_BLOCK_PLUGINS names it" if any(map(plugin.is_called, unwanted)) else None


def misnamed(plugins: Sequence[Plugin], environ: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each name in the environment that no plugin has."""
    others = [plugin for plugin in plugins if plugin.origin != "built-in"]
    known = [name for plugin in others for name in (plugin.name, plugin.distribution)]
    for variable in ("GANTOOL_PLUGINS", "GANTOOL_BLOCK_PLUGINS"):
        for name in _names(environ.get(variable, "")):
            if not any(plugin.is_called(name) for plugin in others):
                yield f"{variable} names {name!r}, and no plugin is called so.{plugin_meant(name, known)}"


def plugin_meant(name: str, known: Iterable[str]) -> str:
    """`" Did you mean 'gantool-blobs'?"` for the nearest name of a plugin, without the beginning that most have."""
    begins = _BEGINNING.match(name) is not None  # as the name that is shown does, where a plugin has both
    ordered = sorted(known, key=lambda each: (_BEGINNING.match(each) is not None) == begins)
    bare = {_BEGINNING.sub("", each): each for each in ordered}
    near = nearest(_BEGINNING.sub("", name), bare)
    return f" Did you mean {bare[near]!r}?" if near is not None else ""


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
