"""Errors of the command line's parser in gantool's words: hints for other tools' flags, and no library's sentences."""

import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from typer._click import Command
from typer._click.exceptions import BadParameter, ClickException, MissingParameter, NoSuchOption, UsageError
from typer.core import TyperGroup

from gantool import hints
from gantool.cli.output import of_short_words
from gantool.data.pictures.listing import is_archive_name
from gantool.engine.run_names import a_model, newest_run
from gantool.errors import UnknownNameError, nearest
from gantool.hints.words import WITHIN

_TAKES = {"float": "a number", "int": "a whole number", "bool": "yes or no"}
_SWEEP = re.compile(r"[\d.]-[\d.]")
_NO_COMMAND = re.compile("No such command '(.*?)'")
_EXTRA = "Got unexpected extra argument"
_SWITCHED = re.compile(r"(?P<off>no|false|off|0)|yes|true|on|\d+", re.IGNORECASE)


def explain(error: ClickException, commands: Mapping[str, Command]) -> None:
    """Reword an error in place: the nearest flag and what it takes, where `commands` are those of the root by name."""
    if isinstance(error, NoSuchOption) and error.ctx is not None:
        file = _of_file(error.option_name)
        word, flags = error.option_name if file else _whole(error.option_name), _flags(error.ctx.command)
        error.message = error.message.replace(error.option_name, word, 1)
        hint = file or hints.hint(word, flags, alike=False) or _elsewhere(word, commands)
        hint = hint or hints.hint(word, flags)
        error.message, error.possibilities = f"{error.message}.{hint}", None
    elif isinstance(error, BadParameter) and isinstance(error.__cause__, ValidationError):
        _put(error, _said(error.__cause__.errors()[0]))
        if error.param is not None and error.param.name == "truncation" and _SWEEP.search(error.message):
            error.message += " A sweep is drawn by gantool interpolate MODEL --seeds 7 --truncation 0.3-1 -o FILE."
    elif isinstance(error, MissingParameter) and error.param is not None and (wanted := _wanted(error.param.metavar)):
        _put(error, f"is missing. {wanted}", str(error.param.metavar))
    elif isinstance(error, UsageError) and error.message.startswith(_EXTRA) and error.ctx is not None:
        error.message = _of_extra(error.message, error.ctx.command)
    error.message = of_short_words(error.message)


def _wanted(argument: str | None) -> str:
    """What is to be given for a model or a run; "" for any other argument."""
    if argument == "RUN...":
        return f"Give one or more run folders, as in runs/NAME.{newest_run()}"
    several = " Two or more are compared." if argument == "MODEL..." else ""
    return a_model(several) if argument in ("MODEL", "MODEL...") else ""


def unknown_command(error: ClickException) -> UnknownNameError | None:
    """The error of a group that has no such command, worded as that of the root; None for any other error."""
    found = _NO_COMMAND.match(error.message)
    if found is None or not isinstance(error, UsageError) or error.ctx is None:
        return None
    group, path = error.ctx.command, error.ctx.command_path.partition(" ")[2]
    known = list(group.commands) if isinstance(group, TyperGroup) else []
    others = WITHIN.get(path, {})
    near = nearest(found[1], known)
    near = f"{path} {near}" if near else hints.counterpart(found[1], others, others, alike=False)
    hint = f" Did you mean {near!r}?" if near else ""
    return UnknownNameError(f"There is no command '{path} {found[1]}'.{hint} There are: {', '.join(known)}.")


def _of_extra(message: str, command: Command) -> str:
    """What to do about arguments that no command takes: of many files, as from photos/*.jpg, the folder is named."""
    if switch := _of_switch(message, command):
        return switch
    by_flag = "data" in _flags(command)
    if not by_flag and not any(str(param.metavar).startswith("SOURCE") for param in command.params):
        return message
    from gantool.data.pictures.formats import is_picture_name  # not at the top: it needs Pillow

    words = message.partition(" (")[2].removesuffix(")")
    names = (words[:end] for end in _ends_of_words(words))
    found = (name for name in names if os.path.isfile(name))  # noqa: PTH113 - Path.is_file fails at a name too long
    first = next(map(Path, found), None)
    within = "" if first is None or first.parent == Path() else f"{first.parent}{os.sep}"
    named = words.count(within) if within else words.count(" ") + 1
    if first is not None and is_archive_name(first) and by_flag:
        return f"Each archive takes a --data of its own, as in --data {shlex.quote(str(first))}."
    if first is not None and (named > 1 or is_picture_name(first.as_posix())):
        folder = shlex.quote(str(first.parent))
        remedy = f"--data takes their folder: --data {folder}" if by_flag else f"Give their folder: {folder}"
        return f"Single files are named, as by a pattern like *.jpg. {remedy}."
    return message if not by_flag else f"{message}. Pictures are named by --data, and an architecture by --arch."


def _of_switch(message: str, command: Command) -> str:
    """A sentence on a yes, no or number that follows a flag which takes none, as in --flip True; "" for other words."""
    switches = [param for param in command.params if getattr(param, "is_flag", False)]
    sides = [side for one in switches for side in ((one.opts, one.secondary_opts), (one.secondary_opts, one.opts))]
    opposite = {flag: next(iter(others), "") for flags, others in sides for flag in flags}
    for flag, word in pairwise(sys.argv):
        switched = _SWITCHED.fullmatch(word) if flag in opposite else None
        if switched and message.endswith((f"({word})", f" {word})")):
            meant = opposite[flag] if switched["off"] else flag
            remedy = f"Did you mean {meant} alone?" if meant else f"Leave {flag} out."
            return f"{flag} takes no value, and {word!r} follows it. {remedy}"
    return ""


def _ends_of_words(words: str) -> Iterator[int]:
    """Where the first file's name may end, which may have spaces in it."""
    return (match.start() for match in re.finditer(r"(?= |$)", words))


def _of_file(option: str) -> str:
    """A sentence on a file that is there and whose name begins with a dash, which the parser took for this option."""
    named = next((word for word in sys.argv[1:] if word.startswith(option) and os.path.lexists(word)), "")
    return f" The file or folder of that name is given as {shlex.quote(f'.{os.sep}{named}')}." if named else ""


def _whole(option: str) -> str:
    """The word of the command line that an unknown letter begins, as -style_image does, which the parser took apart."""
    words = (word for word in sys.argv[1:] if len(word) > 2 and word[2].isalpha() and word.startswith(option))
    return next(words, option) if len(option) == 2 else option


def _flags(command: Command) -> dict[str, str]:
    """The flags of a command by the name that they have in `hints`."""
    flags = [flag for param in command.params for flag in (*param.opts, *param.secondary_opts) if flag.startswith("-")]
    return {flag.lstrip("-").replace("-", "_"): flag for flag in flags}


def _elsewhere(word: str, commands: Mapping[str, Command]) -> str:
    """A sentence with the first command that has the flag."""
    having = next((name for name, command in _leaves(commands) if word in _flags(command).values()), "")
    return f" 'gantool {having}' takes it, and not this command." if having else ""


def _leaves(commands: Mapping[str, Command]) -> Iterator[tuple[str, Command]]:
    for name, command in commands.items():
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {inner}", leaf) for inner, leaf in _leaves(command.commands))
        else:
            whole = getattr(command, "whole", None)
            yield name, whole() if whole else command


def _said(problem: Mapping[str, Any]) -> str:
    """One of pydantic's errors in words."""
    given, context = problem.get("input"), problem.get("ctx", {})
    kind = str(problem["type"])
    limits = {"greater_than_equal": "{ge} or more", "less_than_equal": "{le} or less", "greater_than": "more than {gt}"}
    if kind in limits:
        return f"takes {limits[kind].format(**context)}, not {given}."
    if kind.partition("_")[0] in _TAKES:
        return f"takes {_TAKES[kind.partition('_')[0]]}, not {given!r}."
    return f"is wrong: {str(problem['msg']).removeprefix('Value error, ').rstrip('.')}."


def _put(error: BadParameter, said: str, named: str = "") -> None:
    """Replace the whole sentence: the flag, or the argument, and what is said of it."""
    named = named or str(error.param.opts[0] if error.param and error.param.opts else error.param_hint)
    error.message = f"{named} {said}"
    error.format_message = lambda: error.message  # type: ignore[method-assign]
