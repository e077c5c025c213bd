"""The output of commands: results to standard output, everything else to standard error."""

import json
import os
import re
import sys
from typing import Any

from rich.console import Console

from gantool.errors import printable
from gantool.render.wrapping import say as paragraph

WIDTH_OF_A_PIPE = 140
_KEPT = 400
_LONG = re.compile(rf"\S{{{2 * _KEPT},}}")
"""Words longer than any path that a command to paste would have."""


def console() -> Console:
    """A rich console on the current standard error; it obeys NO_COLOR and prints plain text into files and pipes.

    Its lines are not wrapped but by `gantool.render.wrapping`: a line end inside a command would be pasted with it.
    """
    return Console(stderr=True, highlight=False, soft_wrap=True)


def page() -> Console:
    """A rich console on standard output, for tables and help; wide where no terminal limits it."""
    screen = Console(highlight=False)
    return screen if screen.is_terminal or "COLUMNS" in os.environ else Console(highlight=False, width=WIDTH_OF_A_PIPE)


def result(text: str) -> None:
    """Print a line of the command's result, to standard output; a program gets it as it is, such as a path."""
    print(printable(text, keep="\n") if sys.stdout.isatty() else text, flush=True)  # noqa: T201 (standard output is for results, and nothing else prints)


def result_words(text: str) -> None:
    """Print a line of the result that is for people: the names in it are made printable for programs as well."""
    result(printable(text, keep="\n\t"))


def result_json(value: Any) -> None:
    """Print the result for programs: one JSON document, of ASCII alone where the output's encoding lacks characters.

    Characters that would move a terminal's cursor or change the order of its letters are escaped as JSON does.
    """
    unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(value, indent=2, ensure_ascii=not unicode, default=str)
    if printable(text, keep="\n") != text:
        text = "".join(one if printable(one, keep="\n") == one else json.dumps(one)[1:-1] for one in text)
    result(text)


def say(text: str) -> None:
    """Print a line about the command's progress, to standard error."""
    _to_stderr("", text, "")


def warn(text: str) -> None:
    """Print a warning, one paragraph on standard error; the command continues."""
    _to_stderr("Warning: ", text, "yellow")


def error(text: str) -> None:
    """Print the error that stopped the command: one paragraph on standard error."""
    _to_stderr("Error: ", of_short_words(text), "bold red")


def of_short_words(text: str) -> str:
    """The text of an error, words of absurd length shortened in their middle."""
    return _LONG.sub(lambda word: f"{word[0][:_KEPT]}...{word[0][-_KEPT:]}", text)


def _to_stderr(title: str, text: str, style: str) -> None:
    """A paragraph, beside a live display, which then has to move down, or without one."""
    screen = console()
    if hasattr(sys.stderr, "rich_proxied_file"):
        with screen.capture() as written:
            paragraph(screen, title, printable(text, keep="\n\t"), style)
        sys.stderr.write(written.get())
    else:
        paragraph(screen, title, printable(text, keep="\n\t"), style)
