"""Paragraphs on a terminal: lines end between words, but never inside a command, since it may be pasted."""

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_WORD = re.compile(r"^\s+\S+\s*|\S+\s*")
"""A word with the spaces that follow it; the first also with those before it."""
_COMMAND = re.compile(r"\(?(['\"`]?)(?:[A-Z_]+=\S+|gantool|torchrun|pip|python)$")
"""A word that a command begins with."""
_PROSE = re.compile(r"(?:a|and|at|does|draws|has|in|is|itself|keeps|may|or|reads|starts|to|was|would|wrote)$")
"""A word that a command does not have: it ended before, or what looked like one is the name of the program."""
_STOP = re.compile(r"[.,;:)]$")


def say(screen: Console, title: str, text: str, style: str = "") -> None:
    """Print a paragraph, its title in this style: wrapped on a terminal, as one line for programs, which search it."""
    whole = title + text
    shown = Text(wrapped(whole, screen.width) if screen.is_terminal else whole)
    shown.stylize(style, 0, len(title.rstrip()))
    screen.print(shown, soft_wrap=True)


def wrapped(text: str, width: int) -> str:
    """The text in lines of so many columns. What is longer, a command or a path, is left to the terminal to wrap."""
    if width < 1:  # as COLUMNS=0 has it
        return text
    return "\n".join(line if cell_len(line) <= width else _broken(line, width) for line in text.split("\n"))


def _broken(line: str, width: int) -> str:
    made, column = "", 0
    for part in _parts(line):
        if column and column + cell_len(part.rstrip()) > width:
            made, column = made.rstrip() + "\n", 0
        made += part
        wraps = cell_len(part.rstrip()) > width
        column = cell_len(part) % width if wraps else column + cell_len(part)
    return made


def _parts(line: str) -> Iterator[str]:
    """Words and whole commands, each with the spaces that follow it."""
    command, quote = "", ""
    for found in _WORD.findall(line):
        word = found.strip()
        if command and not quote and _PROSE.match(word):
            yield command
            command = ""
        begins = None if command else _COMMAND.match(word)
        if begins:
            quote = begins[1]
        if begins or command:
            command += found
            if _STOP.search(word) or (quote and word.rstrip(".,;:)").endswith(quote)):
                yield command
                command = ""
        else:
            yield found
    if command:
        yield command
