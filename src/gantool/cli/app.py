"""The command `gantool`: its sub-commands, and the border where errors become sentences and exit codes."""

import atexit
import gc
import inspect
import io
import logging
import os
import re
import signal
import sys
from types import FrameType
from typing import Annotated

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer.core import TyperCommand

from gantool import __version__
from gantool.cli import data, launch, plugins, style
from gantool.cli.compare import compare
from gantool.cli.components import COMPLETION_VARIABLE, ComponentCommand, PageCommand
from gantool.cli.directions import directions
from gantool.cli.evaluate import evaluate
from gantool.cli.explore import explore
from gantool.cli.export import export
from gantool.cli.groups import paragraphs
from gantool.cli.interpolate import interpolate
from gantool.cli.pipes import forgiving
from gantool.cli.push import push
from gantool.cli.report import report
from gantool.cli.root import RootGroup
from gantool.cli.sample import sample
from gantool.cli.settings import SettingsCommand
from gantool.cli.stylize import stylize
from gantool.cli.train import train
from gantool.cli.tune import tune
from gantool.errors import GantoolError, cause
from gantool.signals import TERMINATING, handling

app = typer.Typer(
    name="gantool",
    cls=RootGroup,
    help="Train generative adversarial networks, and make pictures with them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"gantool {__version__}")
        raise typer.Exit
    return wanted


def _set_debug(wanted: bool) -> bool:
    if wanted:
        os.environ["GANTOOL_DEBUG"] = "1"
    return wanted


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", callback=_set_debug, is_eager=True, help="Show tracebacks of internal errors.")
    ] = False,
) -> None:
    pass


app.command(cls=SettingsCommand)(train)
app.command(cls=SettingsCommand)(tune)
app.command()(sample)
app.command()(interpolate)
app.command()(directions)
app.command()(explore)
app.command(cls=ComponentCommand)(evaluate)
app.command(cls=ComponentCommand)(compare)
app.command()(report)
app.command(cls=ComponentCommand)(stylize)
app.add_typer(style.app, name="style")
app.command()(export)
app.command()(push)
app.add_typer(data.app, name="data")
app.add_typer(launch.app, name="launch")
app.add_typer(plugins.app, name="plugins")
for _command in (
    each for group in (app, style.app, data.app, launch.app, plugins.app) for each in group.registered_commands
):
    if _command.cls is TyperCommand:
        _command.cls = PageCommand
    _command.help = paragraphs(inspect.getdoc(_command.callback) or "")


class _WarningHandler(logging.Handler):
    """Shows the library's warnings as the command line shows its own, each once, where many processes train, too.

    A command that makes its plan anew, for another length, warns anew.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._shown: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        from gantool.cli.output import warn

        text = record.getMessage()
        if os.environ.get("RANK", "0") == "0" and text not in self._shown:
            self._shown.add(text)
            warn(text)


class _Terminated(BaseException):
    """SIGTERM or SIGHUP, raised so that unfinished files are removed; no plugin's `except Exception` stops it."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated(number)


def _escape_what_cannot_be_written() -> None:
    """Have output escape the characters that its encoding lacks, as cp1252 of Windows does, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave_soon() -> None:
    """Let go of what nothing holds any more, and spare the interpreter several searches through all of torch's objects.

    Those take seconds on a busy machine, when all files are written and the last line is told. Ctrl-C has nothing to
    end by then, and would leave a traceback in whatever is let go. Extensions made with nanobind, as Triton is since
    3.9, would list whatever is frozen as leaked.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not any(each.__module__ == "nanobind" for each in object.__subclasses__()):
        gc.collect()
        gc.freeze()


def main() -> None:
    """Run the command line; the exit code is that of the error, 130, 143 or 129 when interrupted."""
    atexit.unregister(_leave_soon)  # of an earlier call in this process
    atexit.register(_leave_soon)
    _escape_what_cannot_be_written()
    for name in ("COLUMNS", "LINES"):
        if not re.fullmatch(r"[0-9]{1,5}", os.environ.get(name, "0")):
            del os.environ[name]  # no size of a terminal, and rich would fail on it
    with forgiving("stderr", OSError):  # warnings and progress are never worth a failure
        _main()


def _main() -> None:
    completing = COMPLETION_VARIABLE in os.environ  # where a stray word would spoil the line being typed
    logger = logging.getLogger("gantool")
    logger.handlers = [logging.NullHandler() if completing else _WarningHandler()]
    propagated, logger.propagate = logger.propagate, False  # a plugin that logs, too, would show each warning again
    try:
        with forgiving("stdout", BrokenPipeError), handling(TERMINATING, _terminate):
            sys.exit(app(prog_name="gantool", standalone_mode=False) or 0)
    except GantoolError as error:
        from gantool.cli import output

        output.error(str(error))
        _trace()
        sys.exit(error.exit_code)
    except NoArgsIsHelpError as error:
        sys.exit(error.exit_code)  # its page is printed
    except ClickException as error:
        _tell(error)
        sys.exit(error.exit_code)
    except typer.Abort:  # where a question is not answered
        from gantool.cli import output

        output.say("Aborted.")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except _Terminated as end:
        sys.exit(128 + end.args[0])
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        from gantool.cli import output

        output.error(_sentence(error))
        _trace()
        sys.exit(1)
    finally:
        logger.propagate = propagated


def _tell(error: ClickException) -> None:
    """Say what is wrong with a command line, as all errors are told: Typer's box would break commands in two."""
    from gantool.cli import output

    output.error(error.format_message())
    context = getattr(error, "ctx", None)
    if context is not None and context.command.get_help_option(context) is not None:
        output.say(f"{context.get_usage()}\nHelp:  {context.command_path} {context.help_option_names[-1]}")


def _sentence(error: Exception) -> str:
    """An unexpected error, in a sentence."""
    from gantool.plugins.blame import failure
    from gantool.plugins.host import host

    if of_a_plugin := failure(error, host()):
        return f"{of_a_plugin}. GANTOOL_DEBUG=1 shows where."
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}."
    if isinstance(error, MemoryError) or re.search("can't allocate memory|out of memory", str(error), re.IGNORECASE):
        return "Memory ran out. Ask for less at once: a lower resolution, scale or batch, or fewer pictures or frames."
    if isinstance(error, RecursionError):
        return "Something given is nested too deeply, as a path of a thousand folders is. GANTOOL_DEBUG=1 shows where."
    if isinstance(error, RuntimeError) and "operator torchvision::" in str(error):
        return (
            "torch and torchvision are of different builds, and torchvision cannot be used. Install both at once from "
            "one index: pip install --force-reinstall torch torchvision."
        )
    return f"internal error: {cause(error)}. This is a bug in gantool or a plugin; GANTOOL_DEBUG=1 shows where."


def _trace() -> None:
    if os.environ.get("GANTOOL_DEBUG", "0") not in ("", "0"):
        import traceback

        traceback.print_exc()
