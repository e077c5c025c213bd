"""The help pages of all commands."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import typer
from rich.text import Text
from typer._click import Context
from typer.testing import CliRunner

from gantool.cli import app as cli


def pages(command: Any, words: Sequence[str] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command that is no group."""
    if not hasattr(command, "commands"):
        yield tuple(words)
        return
    for name in command.list_commands(Context(command)):
        yield from pages(command.get_command(Context(command), name), (*words, name))


def test_arguments_and_options_are_named_by_what_they_take_and_not_by_python_types(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    found = list(pages(typer.main.get_command(cli.app)))
    assert ("data", "check") in found
    assert ("train",) in found
    groups = {words[:1] for words in found if len(words) > 1}
    assert ("launch",) in groups
    for words in (*found, *groups):
        page = CliRunner().invoke(cli.app, [*words, "--help"]).stdout
        usage = next(line for line in page.splitlines() if "Usage:" in line)
        assert not set("{}") & set(usage), usage
        assert not re.search(r"<(bool|str|int|float|path|Path|list)\b[^>]*>", page), page


def test_no_text_has_brackets_that_a_page_would_take_for_its_markup_and_leave_out() -> None:
    root = typer.main.get_command(cli.app)
    for words in pages(root):
        command: Any = root
        for word in words:
            command = command.get_command(Context(command), word)
        for text in (command.help or "", *(getattr(param, "help", None) or "" for param in command.params)):
            assert Text.from_markup(text).plain == text, words
