"""Settings of a run as flags of a command, made from their declaration on `RunConfig` when the command is called."""

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer
from typer._click import Command
from typer.main import get_command

from gantool.api.panels import PANELS
from gantool.cli.components import ComponentCommand, complete
from gantool.errors import OptionError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

GIVEN = "settings"
COMPONENT = "NAME[:OPTIONS]"
_METAVARS = {int: "N", float: "X"}

Accepts = Callable[[str], bool]
"""A predicate: true for the panels with settings that a command takes."""


def flag_names(wanted: Accepts = bool) -> list[str]:
    """The settings and aliases that have a flag, of the panels wanted, in the order of a help page."""
    from gantool.api.run_config import ALIASES, SETTINGS, flag_of

    names = [name for name in SETTINGS if flag_of(name).panel]
    for alias, fields in ALIASES.items():
        names.insert(names.index(fields[0]), alias)
    names = [name for name in names if wanted(flag_of(name).panel)]
    return sorted(names, key=lambda name: PANELS.index(flag_of(name).panel))


def parameter(name: str) -> inspect.Parameter:
    """A setting, or an alias of some, as a parameter in Typer's style; None where it is not given."""
    from gantool.api.run_config import ALIAS_HELP, ALIASES, SETTINGS, flag_of

    field, flag = SETTINGS[ALIASES.get(name, (name,))[0]], flag_of(name)
    kind, choices = _type_of(field) if not flag.again else (list[str], "")
    more: dict[str, Any] = {"parser": read_count} if flag.counts else {}
    if flag.kind:
        more["autocompletion"] = complete(flag.kind)
    spelt = f"--{name.replace('_', '-')}"
    option = typer.Option(
        f"{spelt}/--no-{spelt[2:]}" if kind is bool else spelt,
        help=ALIAS_HELP.get(name, field.description),
        rich_help_panel=flag.panel,
        metavar=flag.metavar or (COMPONENT if flag.kind else choices or _METAVARS.get(kind)),
        **more,
    )
    annotation: Any = kind | None
    annotated: Any = Annotated
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotated[annotation, option]
    )


def read_count(text: str) -> int:
    """The number, or Typer's own complaint about the flag."""
    from gantool.run.config import parse_count

    try:
        return parse_count(text)
    except OptionError as error:
        raise typer.BadParameter(str(error)) from error


def _type_of(field: "FieldInfo") -> tuple[Any, str]:
    """The type by which Typer reads the flag's value, and its choices; `RunConfig` refuses a wrong one."""
    annotation: Any = field.annotation
    if get_origin(annotation) is Literal:
        words = get_args(annotation)
        return type(words[0]), "|".join(map(str, words))
    if get_origin(annotation) is tuple:
        return (list[str] if get_args(annotation)[1:] == (...,) else str), ""
    if get_origin(get_args(annotation)[0] if get_args(annotation) else None) is Annotated:
        annotation = get_args(get_args(annotation)[0])[0]
    return (annotation if annotation in (bool, int, float, str) else int), ""  # a number, or "auto" if left out


def takes_settings(
    wanted: Accepts = bool, *, first: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator: the function gets all settings in its `settings`, None for those that were not given.

    They stand before its own parameters on the help page, or behind them. Registered as a `SettingsCommand`.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(function, eval_str=True).parameters.values()
        own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters if one.name != GIVEN]

        def whole() -> Callable[..., None]:
            settings = [parameter(name) for name in flag_names(wanted)]
            return _signed(function, [*settings, *own] if first else [*own, *settings], [one.name for one in settings])

        bare = _signed(function, own, [])
        vars(bare)["whole"] = whole
        return bare

    return decorate


def _signed(
    function: Callable[..., None], parameters: list[inspect.Parameter], settings: list[str]
) -> Callable[..., None]:
    def taking(**given: Any) -> None:
        values: Mapping[str, Any] = {name: given.pop(name) for name in settings}
        function(**given, settings={name: None if value == [] else value for name, value in values.items()})

    taking.__name__, taking.__doc__ = function.__name__, function.__doc__
    taking.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    taking.__annotations__ = {one.name: one.annotation for one in parameters}
    return taking


class SettingsCommand(ComponentCommand):
    """A command that takes settings of a run; until it is called, it is without them.

    They are declared with pydantic, which `gantool --help` does not wait for.
    """

    def whole(self) -> Command:
        """The same command with all its flags."""
        app = typer.Typer(add_completion=False, rich_markup_mode="rich")
        app.command(self.name, cls=ComponentCommand)(vars(self.callback)["whole"]())
        return get_command(app)
