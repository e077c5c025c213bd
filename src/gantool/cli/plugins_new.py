"""`gantool plugins new`: a package to begin one's own plugin with."""

from pathlib import Path
from typing import Annotated

import typer

Kind = Annotated[str, typer.Option("--kind", autocompletion=lambda: _kinds(), help="What it brings: see below.")]


def _kinds() -> list[str]:
    from gantool.api.kinds import KINDS

    return list(KINDS)


def new(
    name: Annotated[str, typer.Argument(help="Letters, digits, dashes; 'foo' and 'gantool-foo' mean the same.")],
    kind: Kind = "architecture",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where its folder is made.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a package with a small component that installs, works and passes its own tests.

    Kinds: architecture, loss, penalty, augmentation, balance, optimizer, source, extractor, style-loss, observer,
    command.
    """
    from gantool.cli.output import result, result_json, say
    from gantool.plugin_tools.scaffold import new_plugin

    written = new_plugin(name, kind, out)
    if json:
        result_json({"folder": written.folder, "files": written.files, "commands": written.commands})
        return
    for file in written.files:
        result(str(file))
    say("Next:")
    for command in written.commands:
        say(f"  {command}")
