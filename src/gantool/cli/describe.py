"""Components and plugins on a page and as JSON: options with types, limits and defaults, an architecture's recipe."""

from collections.abc import Sequence
from dataclasses import asdict
from textwrap import indent
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gantool.api.kinds import KINDS
from gantool.api.run_config import NONE
from gantool.api.specs import Architecture, Command, Component, Spec
from gantool.plugins.grammar import OptionRow, describe_options
from gantool.plugins.loading import normal
from gantool.plugins.status import Plugin
from gantool.render.wrapping import wrapped

WIDE = 110
"""Columns of a page from which on a table of plugins has room for whole words."""
STYLES = {"ok": "green", "broken": "red", "clash": "yellow", "blocked": "dim"}


def component_panel(kind: str, spec: Spec, owner: str) -> Panel:
    """The panel of a component: summary, options, and an architecture's recipe."""
    parts: list[RenderableType] = [Text(spec.summary)]
    rows = describe_options(spec.options)
    none = f"`gantool {spec.name} --help` shows its options." if isinstance(spec, Command) else "It has no options."
    parts.append(_options_table(rows) if rows else Text(none, style="dim"))
    if isinstance(spec, Architecture):
        sizes = ", ".join(map(str, spec.resolutions)) or "any"
        given = {name: value for name, value in asdict(spec.recipe).items() if value not in (None, ())}
        short, on_cpu = given.pop("short", None), given.pop("on_cpu", None)
        recipe = "  ".join(f"{name}={_short(value)}" for name, value in given.items())
        facts = Table.grid(padding=(0, 2))
        facts.add_row(Text("Resolutions", style="bold"), Text(sizes))
        facts.add_row(Text("Recipe", style="bold"), Text(recipe))
        simple = f"for a source that needs up to {short.pop('images'):,} images" if short else ""
        for where, other in ((simple, short), ("on a CPU", on_cpu)):
            if other:
                better = "  ".join(f"{name}={_short(value)}" for name, value in other.items() if value is not None)
                facts.add_row(Text("", style="bold"), Text(f"{where}: {better}"))
        parts += [Text(), facts]
    if isinstance(spec, Component) and spec.goes_with:
        parts += [Text(), Text(f"Only for {_listed(spec.goes_with)}.")]
    if not isinstance(spec, Command) and spec.about:
        parts += [Text(), Text(spec.about)]
    title = f"{kind} [bold]{escape(spec.name)}[/] [dim]from {escape(owner)}[/]"
    return Panel(Group(*parts), title=title, title_align="left", border_style="dim")


def component_facts(kind: str, spec: Spec, owner: str) -> dict[str, Any]:
    """The same for programs."""
    facts: dict[str, Any] = {
        "kind": kind,
        "name": spec.name,
        "summary": spec.summary,
        "distribution": owner,
        "factory": spec.factory,
        "options": [asdict(row) for row in describe_options(spec.options)],
    }
    if isinstance(spec, Architecture):
        facts |= {"recipe": asdict(spec.recipe), "resolutions": list(spec.resolutions)}
    if isinstance(spec, Component):
        facts |= {"goes_with": list(spec.goes_with)}
    if not isinstance(spec, Command):
        facts |= {"about": spec.about}
    return facts


def plugin_facts(plugin: Plugin) -> dict[str, Any]:
    """A plugin for programs; `provides` names every kind."""
    facts = asdict(plugin)
    del facts["claimed"]
    facts["provides"] = {kind.plural: list(plugin.provides.get(kind.plural, ())) for kind in KINDS.values()}
    return facts


def plugin_list(plugins: Sequence[Plugin], width: int) -> RenderableType:
    """A table of plugins; on narrow pages, whose columns would break words, a line for each with what it has below."""
    if width >= WIDE:
        return _plugin_table(plugins)
    lines: list[Text] = []
    for plugin in plugins:
        status = Text(plugin.status, style=STYLES[plugin.status])
        lines.append(Text.assemble((_title(plugin), "bold"), f"  {plugin.version}  {plugin.origin}  ", status))
        below = [wrapped(part, width - 4) for part in (*_provides(plugin), plugin.error) if part]
        lines += [Text(indent(part, " " * 4)) for part in below]
    return Text("\n").join(lines)


def _plugin_table(plugins: Sequence[Plugin]) -> Table:
    """One row for each plugin: its origin, its status, its components."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("plugin", "version", "origin", "status", "provides"):
        table.add_column(heading, overflow="fold")
    for plugin in plugins:
        last = Text("\n".join(part for part in ("; ".join(_provides(plugin)), plugin.error) if part))
        status = Text(plugin.status, style=STYLES[plugin.status])
        table.add_row(Text(_title(plugin), style="bold"), plugin.version, Text(plugin.origin), status, last)
    return table


def _title(plugin: Plugin) -> str:
    title = plugin.name if plugin.origin == "built-in" else plugin.distribution
    return title if normal(title) == normal(plugin.name) else f"{plugin.name} ({plugin.distribution})"


def _provides(plugin: Plugin) -> list[str]:
    return [f"{plural}: {', '.join(names)}" for plural, names in plugin.provides.items() if names]


def takes(row: OptionRow) -> str:
    """The values that an option takes, in a few words."""
    kind = row.type.replace("+...", "")
    if kind in ("choice", "choice or none"):
        words = kind.replace("choice", row.limits)
    else:
        words = f"{kind}, {row.limits}" if row.limits else kind
    return f"{words}, joined by +" if kind != row.type else words


def _options_table(rows: list[OptionRow]) -> Table:
    table = Table.grid(padding=(0, 2))
    for row in rows:
        default = "required" if row.required else f"default {row.default or 'empty'}"
        about = Text.assemble(f"{row.help}  " if row.help else "", (f"[{takes(row)}; {default}]", "dim"))
        table.add_row(Text(row.name, style="bold cyan", no_wrap=True), about)
    return table


def _listed(names: Sequence[str]) -> str:
    return f"architecture{'s' if len(names) > 1 else ''} {' and '.join(names)}"


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return "+".join(map(_short, value)) or NONE
    return f"{value:g}" if isinstance(value, float) else str(value)
