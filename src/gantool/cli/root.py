"""The root command: its help page, its completion, and the commands of plugins, each imported when it is called."""

import os
from collections.abc import MutableMapping
from typing import Any

import typer
from typer._click import Command, Context, HelpFormatter
from typer._click.exceptions import ClickException
from typer._click.shell_completion import CompletionItem
from typer.core import TyperGroup

from gantool.cli.components import COMPLETION_VARIABLE
from gantool.cli.settings import SettingsCommand
from gantool.errors import GantoolError, PluginError, UnknownNameError, cause

_OF_PLUGIN = "gantool.plugin_command"


class RootGroup(TyperGroup):
    """The root command, with a help page of its own: Typer's imports Markdown and syntax colouring, twice the cost.

    Plugins are looked for where the name is none of its own commands, and for the pages that list all of them.
    """

    def _main_shell_completion(
        self, ctx_args: MutableMapping[str, Any], prog_name: str, complete_var: str | None = None
    ) -> None:
        if os.environ.get(COMPLETION_VARIABLE) == "complete_bash":
            from typer._click.shell_completion import add_completion_class

            from gantool.cli.bash_words import BashWords

            add_completion_class(BashWords, "bash")
        super()._main_shell_completion(ctx_args, prog_name, complete_var)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """One of its own commands, or a plugin's. Raises UnknownNameError, or PluginError when it cannot be used."""
        name = args[0]
        if name in self.commands or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from gantool.cli.plugin_commands import plugin_command

        try:
            ctx.meta[_OF_PLUGIN], command = plugin_command(name, args[1:])
        except GantoolError as error:
            if ctx.resilient_parsing:  # a line that is being typed
                return None, None, args[1:]
            if any(f"--{name}" in param.opts for param in self.get_params(ctx)):
                raise UnknownNameError(f"There is no command {name!r}. Did you mean gantool --{name}?") from error
            raise
        return name, command, args[1:]

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command of this name, with all its flags."""
        command = super().get_command(ctx, cmd_name)
        if isinstance(command, SettingsCommand):
            command = self.commands[cmd_name] = command.whole()
        return command

    def main(self, *args: Any, **more: Any) -> Any:
        """Run the command line; errors of the parser, this command's own too, are worded as gantool's."""
        try:
            return super().main(*args, **more)
        except ClickException as error:
            from gantool.cli.hints import explain, unknown_command

            if unknown := unknown_command(error):
                raise unknown from error
            explain(error, self.commands)
            raise

    def invoke(self, ctx: Context) -> None:
        """Run the command; Ctrl-C is told, and an unexpected error of a plugin's command with the plugin's name.

        Nothing that a command calls may end the program, or unfinished work would look like success. What it returns is
        no exit code.
        """
        try:
            super().invoke(ctx)
        except SystemExit as error:
            if _OF_PLUGIN in ctx.meta:  # whose own command may end with a code of its own
                raise
            from gantool.plugins.blame import failure
            from gantool.plugins.host import host

            raise PluginError(f"{failure(error, host()) or cause(error)}.") from error
        except KeyboardInterrupt:  # of which Typer would say nothing
            from gantool.cli.output import say

            say("Stopped by Ctrl-C.")
            raise
        except (ClickException, GantoolError, typer.Exit, typer.Abort, OSError, EOFError):
            raise
        except Exception as error:
            if _OF_PLUGIN not in ctx.meta:
                raise
            raise PluginError(f"{ctx.meta[_OF_PLUGIN]} failed: {cause(error)}. GANTOOL_DEBUG=1 shows where.") from error

    def shell_complete(self, ctx: Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands, those of plugins too, and the options of the root."""
        from gantool.cli.plugin_commands import plugin_commands

        items = super().shell_complete(ctx, incomplete)
        found = [each for each in plugin_commands() if each.name.startswith(incomplete)]
        return items + [CompletionItem(each.name, help=each.summary) for each in found]

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Usage, commands and options, as Typer shows them."""
        from rich.panel import Panel
        from rich.table import Table
        from rich.text import Text

        from gantool.cli.output import page
        from gantool.cli.plugin_commands import plugin_commands

        screen = page()
        screen.print(Text.assemble("\n ", (self.get_usage(ctx), "bold"), "\n\n ", self.help or "", "\n"))
        commands = [(name, self.commands[name]) for name in self.list_commands(ctx)]
        rows = {
            "Commands": [(name, command.get_short_help_str(200)) for name, command in commands if not command.hidden],
            "Commands of plugins": [(each.name, f"{each.summary} ({each.owner})") for each in plugin_commands()],
            "Options": [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))],
        }
        for title, records in rows.items():
            table = Table.grid(padding=(0, 2))
            for name, help_text in records:
                table.add_row(Text(name, style="bold cyan", overflow="fold"), Text(help_text))
            if records:
                screen.print(Panel(table, title=title, title_align="left", border_style="dim"))
