"""Components on the command line: their options in `--help`, their names in completion, and folders of plugins.

What reaches into Typer's own classes is here, in `root` and in `plugin_commands`. Nothing heavy is imported until the
help of a component is shown.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_origin

import typer
from typer._click import Context, HelpFormatter
from typer.core import TyperArgument, TyperCommand, TyperOption

from gantool.api.kinds import KINDS
from gantool.cli.examples import EXAMPLES
from gantool.cli.groups import without_types

if TYPE_CHECKING:
    from gantool.api.data import Source
    from gantool.api.features import Extractor

KIND_OF_FLAG = {kind.flag: kind.name for kind in KINDS.values() if kind.flag is not None}
PLUGINS_DIR = "--plugins-dir"
COMPLETION_VARIABLE = "_GANTOOL_COMPLETE"
REST = "Other options"
"""The last panel of a page whose options stand in several."""
_PEEKED = "gantool.api.specs"


def look_in_folders(folders: Sequence[Path] | None) -> Sequence[Path] | None:
    """Load the plugins of these folders; the callback of `--plugins-dir`. Raises UsageError when one is no folder."""
    if folders:
        from gantool.plugins.host import look_in

        look_in(folders)
    return folders


_FOLDERS = "A folder whose *.py files and packages are plugins; may be given again."

PluginFolders = Annotated[list[Path] | None, typer.Option(PLUGINS_DIR, help=_FOLDERS, metavar="DIR")]
"""The same option where the command itself looks into the folders, with care."""

PluginsDir = Annotated[
    list[Path] | None,
    typer.Option(
        PLUGINS_DIR, help=_FOLDERS, callback=look_in_folders, is_eager=True, metavar="DIR", show_default=False
    ),
]
"""The option of every command that may need a component from a folder; it defaults to None."""


def _name_only(argument: TyperArgument) -> None:
    """Show an argument by its name, which says what it takes: MODEL, where Typer has {MODEL} and, beside it, <str>.

    One that a plugin gave no metavar is its parameter in capitals; choices stay beside it.
    """
    if argument.metavar is None:
        argument.metavar = f"{argument.name}{'...' * (argument.nargs != 1)}".upper()
    name = argument.metavar
    shown = name if argument.required or name.startswith("[") else f"[{name}]"
    setattr(argument, "_usage_display_name", lambda: shown)  # noqa: B010 (it is no attribute that mypy lets be replaced)
    if not argument.type_descriptor.is_choice:
        setattr(argument, "display_type_rich", lambda ctx: None)  # noqa: B010


class PageCommand(TyperCommand):
    """A command with a help page that names no type beside flags and arguments; rare options and examples end it."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Its arguments and options; beside panels with titles, those of no panel come last, as --help does."""
        params = without_types(super().get_params(ctx))
        for param in params:
            if isinstance(param, TyperArgument):
                _name_only(param)
        options = [param for param in params if isinstance(param, TyperOption)]
        rest = [param for param in options if getattr(param, "rich_help_panel", None) in (None, REST)]
        if len(rest) == len(options):
            return params
        for param in rest:
            param.rich_help_panel = REST
        return [*(param for param in params if param not in rest), *rest]

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The usual page, then examples."""
        super().format_help(ctx, formatter)
        self.show_more(ctx)
        if lines := EXAMPLES.get(ctx.command_path.partition(" ")[2]):
            from rich.text import Text

            from gantool.cli.output import page

            page().print(Text("\n".join([" Examples:", *(f"   {line}" for line in lines)])), soft_wrap=True)

    def show_more(self, ctx: Context) -> None:
        """Print what stands between the options and the examples."""


class ComponentCommand(PageCommand):
    """A command whose `--help` also lists the options of the components chosen beside it, or all components."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Note the chosen components first, since `--help` ends the parsing."""
        own = {flag for param in self.params if not _has_choices(param) for flag in param.opts if flag in KIND_OF_FLAG}
        ctx.meta[_PEEKED] = own, list(flag_values(args, own))
        look_in_folders([Path(folder) for _, folder in flag_values(args, {PLUGINS_DIR})])
        return super().parse_args(ctx, args)

    def show_more(self, ctx: Context) -> None:
        """Print the components."""
        own, chosen = ctx.meta.get(_PEEKED, (set(), []))
        from gantool.cli.output import page

        screen = page()
        if chosen:
            for flag, text in chosen:
                for part in _about(KIND_OF_FLAG[flag], text):
                    screen.print(part)
        elif own:
            screen.print(_overview([flag for flag in KIND_OF_FLAG if flag in own]))


def _has_choices(param: Any) -> bool:
    """True for a parameter with choices of its own, such as `--optimizer` of stylize, which names no component."""
    return get_origin(param.type_descriptor.annotation) is Literal


def flag_values(args: Sequence[str], flags: set[str]) -> Iterator[tuple[str, str]]:
    """The flags among the arguments with their values, as `--flag value` or `--flag=value`, up to `--`."""
    rest = iter(args)
    for argument in rest:
        if argument == "--":
            return
        flag, equals, value = argument.partition("=")
        if flag in flags:
            value = value if equals else next(rest, "")
            if value and not value.startswith("--"):
                yield flag, value


def _about(kind: str, text: str) -> Iterator[Any]:
    """The panel of a chosen component; an error in the choice goes to standard error."""
    from gantool.cli.describe import component_panel
    from gantool.cli.output import error
    from gantool.errors import GantoolError
    from gantool.plugins.host import host

    name, options = (part.strip() for part in text.partition(":")[::2])
    plugins = host()
    if kind == "source" and name not in plugins.specs(kind) and (Path(text).exists() or "/" in text):
        return  # a path needs no name; training checks whether it can be used
    if name in plugins.specs(kind):
        yield component_panel(kind, plugins.find(kind, name), plugins.owner(kind, name))
        if not options:
            return  # its page is wanted, which says what must be given
    try:
        plugins.resolve(kind, text)
    except GantoolError as problem:
        error(str(problem))


def _overview(flags: Sequence[str]) -> Any:
    """A table of the components that each flag takes."""
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    from gantool.plugins.host import host

    table = Table.grid(padding=(0, 2))
    for flag in flags:
        label = flag
        for name, spec in host().specs(KIND_OF_FLAG[flag]).items():
            table.add_row(Text(label, style="bold cyan"), Text(name, style="bold"), Text(spec.summary))
            label = ""
    title = f"Components: NAME[:option=value,...] ({flags[0]} NAME --help: options)"
    return Panel(table, title=Text(title), title_align="left", border_style="dim")


def complete(kind: str) -> Callable[[str], list[tuple[str, str]]]:
    """An `autocompletion=` for components of a kind: names, after `NAME:` options, after `option=` choices."""

    def completions(incomplete: str) -> list[tuple[str, str]]:
        from gantool.errors import GantoolError
        from gantool.plugins.host import host

        try:
            specs = host().specs(kind)
        except (GantoolError, OSError):
            return []
        name, colon, rest = incomplete.partition(":")
        if not colon:
            return [(spec.name, spec.summary) for spec in specs.values()]
        return list(_complete_options(specs[name].options, f"{name}:", rest)) if name in specs else []

    return completions


def _complete_options(options: Any, start: str, rest: str) -> Iterator[tuple[str, str]]:
    """Completions of the last `option=value` in `rest`; `start` is what stands before `rest`."""
    from gantool.cli.describe import takes
    from gantool.plugins.grammar import describe_options
    from gantool.plugins.option_words import choices

    before, comma, last = rest.rpartition(",")
    start += before + comma
    used = {part.partition("=")[0] for part in before.split(",")}
    key, equals, value = last.partition("=")
    for row in describe_options(options):
        if not equals and row.name not in used:
            yield f"{start}{row.name}=", f"{row.help} ({takes(row)})" if row.help else takes(row)
        elif equals and row.name == key:
            done, plus, _ = value.rpartition("+")
            words = ["yes", "no"] if row.type == "yes/no" else choices(options.model_fields[key])
            for word in words:
                yield f"{start}{key}={done}{plus}{word}", ""


def find_extractor(text: str = "auto") -> tuple["Extractor", str]:
    """The extractor chosen by NAME[:options], and its name; `auto` is vgg19 where its weights can be had, else random.

    A warning says if it is random.
    """
    from gantool.plugins.host import host
    from gantool.style import job

    return job.find_extractor(host(), text)


def open_source(text: str, resolution: int | None = None, channels: int | None = None) -> "Source":
    """The source chosen by a path or NAME[:options], as `--data` takes it, in its natural shape unless one is given.

    Its images are square, of `resolution` pixels, with `channels` channels: 1 is grey, 3 RGB, 4 RGBA. A source
    without a natural shape has 64 pixels and 3 channels. Raises UnknownNameError, with the nearest name, when there is
    no such source or path, and DataError when it has no images.
    """
    from gantool.plugins.host import host
    from gantool.run.components import resolve_source
    from gantool.run.resolve import FALLBACK

    chosen = resolve_source(host(), text)
    shape = chosen.natural() or FALLBACK
    source: Source = chosen.build(resolution=resolution or shape.resolution, channels=channels or shape.channels)
    return source
