"""Pages of the site that are written from the code: all commands with their options, all components with theirs."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from typer._click import Command, Context
from typer.core import TyperGroup
from typer.main import get_command

from gantool.api.kinds import KINDS
from gantool.api.specs import Architecture, Component
from gantool.api.specs import Command as CommandSpec
from gantool.cli.app import app
from gantool.cli.examples import EXAMPLES
from gantool.plugins.grammar import describe_options
from gantool.plugins.host import PluginHost


def pages() -> dict[str, str]:
    """The pages in Markdown by file name. Components are those that come with gantool."""
    return {"commands.md": "\n".join(_commands()), "components.md": "\n".join(_components())}


def _commands() -> Iterator[str]:
    yield "# Commands\n\nEvery command with its options, as `--help` shows them.\n"
    root = get_command(app)
    for path, command in _leaves(root, Context(root, info_name="gantool")):
        context = Context(command, info_name=path)
        yield f"## {path}\n\n{_plain(command.help or '')}\n"
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"```text\n{path} {usage}\n```\n"
        if lines := EXAMPLES.get(path.partition(" ")[2]):
            yield "```bash\n{}\n```\n".format("\n".join(lines))
        rows = [record for param in command.get_params(context) if (record := param.get_help_record(context))]
        yield from _table(("option", "meaning"), rows)


def _leaves(group: TyperGroup, context: Context) -> Iterator[tuple[str, Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, TyperGroup):
            yield from _leaves(command, Context(command, info_name=f"{context.info_name} {name}"))
        elif command is not None and not command.hidden:
            yield f"{context.info_name} {name}", command


def _components() -> Iterator[str]:
    yield "# Components\n"
    yield (
        "What comes with gantool, by kind. An option is given behind the name: `--penalty r1:weight=10,every=16`. "
        "`gantool plugins show NAME` has the same page for plugins.\n"
    )
    host = PluginHost(third_party=False, environ={})
    for kind in KINDS.values():
        specs = {name: spec for name, spec in host.specs(kind.name).items() if not isinstance(spec, CommandSpec)}
        if not specs:
            continue
        yield f"## {kind.plural.capitalize()}\n"
        if kind.flag:
            yield f"Chosen by `{kind.flag}`.\n"
        for name, spec in sorted(specs.items()):
            yield f"### {name}\n\n{_plain(spec.summary)}\n"
            if isinstance(spec, Architecture):
                yield f"Resolutions: {', '.join(map(str, spec.resolutions)) or 'any'}.\n"
                yield f"{_plain(spec.about)}\n"
            if isinstance(spec, Component) and spec.goes_with:
                yield f"Only for {', '.join(spec.goes_with)}.\n"
            rows = describe_options(spec.options)
            yield from _table(
                ("option", "type", "default", "meaning"),
                [(row.name, f"{row.type} {row.limits}".strip(), row.default, row.help) for row in rows],
            )


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}"
        for name, *cells in rows:
            yield f"| `{name}` | {' | '.join(_plain(str(cell)).replace('|', '&#124;') for cell in cells)} |"
        yield ""


def _plain(text: str) -> str:
    """Text as Markdown: flags are code, and what looks like HTML or markup is no markup."""
    plain = " ".join(text.split()).replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
    return re.sub(r"(?<![\w`-])--[a-z][a-z-]*[a-z]", r"`\g<0>`", plain)
