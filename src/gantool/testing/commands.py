"""The checks of a command of a plugin."""

from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from gantool.cli.plugin_commands import plugin_command
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.testing.faults import Fault, found


def typer_understands_it(component: Chosen) -> Iterator[str]:
    """Its function can be imported, and Typer makes a command of it."""
    plugin_command(component.spec.name, ())
    yield from ()


def its_help_can_be_shown(component: Chosen) -> Iterator[str]:
    """`gantool NAME --help` shows what it does."""
    _, command = plugin_command(component.spec.name, ())
    written = StringIO()
    with redirect_stdout(written), redirect_stderr(written):
        try:
            command.main(["--help"], prog_name=f"gantool {component.spec.name}", standalone_mode=False)
        except SystemExit as ended:
            if ended.code:
                yield (
                    f"gantool {component.spec.name} --help ends with exit code {ended.code}. Help must end with 0: "
                    "let no callback fail."
                )
    if not written.getvalue().strip():
        yield f"gantool {component.spec.name} --help shows nothing. Give its function a docstring."


def faults_of(component: Chosen, plugins: PluginHost) -> list[Fault]:
    """The faults of a command, which is not called: it may do anything."""
    return found([typer_understands_it], component) or found([its_help_can_be_shown], component)
