"""`gantool plugins new`: a package to start a plugin from."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

Kind = Annotated[
    str,
    typer.Option("--kind", metavar="KIND", autocompletion=lambda: _kinds(), help="Kind of its component: see above."),
]


def _kinds() -> list[str]:
    from gantool.api.kinds import KINDS

    return list(KINDS)


def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Letters, digits, dashes; 'foo' and 'gantool-foo' mean the same.")
    ],
    kind: Kind = "architecture",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Parent folder of the package.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the package of a new plugin, with a small component that works and tests that pass.

    Kinds: architecture, loss, penalty, augmentation, balance, optimizer, source, extractor, style-loss,
    style-network, metric, observer, command.
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
    if find_spec("pytest") is None:
        say("The last one needs pytest, which is not installed here: pip install pytest")
