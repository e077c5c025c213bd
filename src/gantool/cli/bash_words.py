"""Completion in bash, which breaks words at `:` and `=`: `dcgan:wi` arrives as `dcgan`, `:`, `wi`."""

import re
from collections.abc import Sequence

from typer._click.shell_completion import CompletionItem
from typer._completion_classes import BashComplete


class BashWords(BashComplete):
    """Typer's completion, with the broken words put together, and answers that begin where bash's last word begins."""

    _given_before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one being completed, and that one."""
        args, incomplete = super().get_completion_args()
        *args, incomplete = joined([*args, incomplete])
        value = incomplete.partition("=")[2] if incomplete.startswith("-") else incomplete
        self._given_before = value[: last_break(value)]
        return args, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """The text that bash is to put in place of its last word."""
        return str(item.value).removeprefix(self._given_before)


def joined(words: Sequence[str]) -> list[str]:
    """Bash's words with those around a lone `:` or `=` put together again."""
    whole: list[str] = []
    glue = False
    for word in words:
        breaks = re.fullmatch(r"[:=]+", word) is not None
        if whole and (glue or breaks):
            whole[-1] += word
        else:
            whole.append(word)
        glue = breaks
    return whole


def last_break(word: str) -> int:
    """The index at which bash's last word begins in a whole one."""
    return max(word.rfind(":"), word.rfind("=")) + 1
