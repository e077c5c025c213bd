"""A plugin that was found: where it is from, how it fares, what it provides, and whether the user wants it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gantool.errors import did_you_mean, sentence, shortened
from gantool.plugins.loading import Candidate, normal

WIDTH_OF_A_CAUSE = 200
"""What is wrong with a plugin is told in so many letters in passing; `gantool plugins list` tells all."""

_WIDTH_AMONG_OTHERS = 80
_FEW = 3


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
        """The candidate, about which nothing else is known yet."""
        return cls(candidate.name, candidate.distribution, candidate.version, candidate.origin)

    @property
    def complaint(self) -> str | None:
        """What the user should know about it, in a sentence; None when all is well or it is not wanted."""
        what = {"broken": "is broken and left out", "clash": "is used in part"}.get(self.status)
        if what is None or self.error is None:
            return None
        told = shortened(self.error, WIDTH_OF_A_CAUSE)
        more = " 'gantool plugins list' shows the rest." if told != self.error else ""
        return sentence(f"Plugin {self.title} {what}: {told}") + more

    @property
    def from_folder(self) -> bool:
        """Whether it is a file or package of a plugin folder."""
        return self.origin not in ("built-in", "installed", "added")

    def is_called(self, name: str) -> bool:
        """Whether a user may mean this plugin by the name: its own or its distribution's, `gantool-` or not."""
        return normal(name) in {normal(self.name), normal(self.distribution)}

    @property
    def title(self) -> str:
        """Distribution and version."""
        return f"{self.distribution} {self.version}".strip()


def told(plugins: Sequence[Plugin]) -> str:
    """Broken plugins and what is wrong with them in the middle of a sentence; the first few of many."""
    listed = [f"{plugin.title} ({shortened(plugin.error or '', _WIDTH_AMONG_OTHERS)})" for plugin in plugins[:_FEW]]
    more = f" and {len(plugins) - _FEW} more ('gantool plugins list')" if len(plugins) > _FEW else ""
    return ", ".join(listed) + more


def blocked(plugin: Plugin, environ: Mapping[str, str]) -> str | None:
    """Why the environment does not want this guest; None when it does."""
    wanted = environ.get("GANTOOL_PLUGINS")
    if wanted is not None and not any(map(plugin.is_called, _names(wanted))):
        return "GANTOOL_PLUGINS does not name it"
    unwanted = _names(environ.get("GANTOOL_BLOCK_PLUGINS", ""))
    return "GANTOOL_BLOCK_PLUGINS names it" if any(map(plugin.is_called, unwanted)) else None


def misnamed(plugins: Sequence[Plugin], environ: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each name in the environment that no guest has."""
    guests = [plugin for plugin in plugins if plugin.origin != "built-in"]
    known = [name for plugin in guests for name in (plugin.name, plugin.distribution)]
    for variable in ("GANTOOL_PLUGINS", "GANTOOL_BLOCK_PLUGINS"):
        for name in _names(environ.get(variable, "")):
            if not any(plugin.is_called(name) for plugin in guests):
                yield f"{variable} names {name!r}, and no plugin is called so.{did_you_mean(name, known)}"


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
