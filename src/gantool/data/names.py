"""Names of files and folders as text: on disk they are bytes, and may hold anything."""

import re
from collections.abc import Sequence

_UNPAIRED = re.compile("[\ud800-\udfff]")  # what Python makes of bytes that are no UTF-8
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def printable(name: str) -> str:
    """Valid text on one line without tabs: control characters as escapes, undecodable bytes as U+FFFD."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], _UNPAIRED.sub("\ufffd", name))


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names made printable; those that became equal are numbered, so that there are as many as before."""
    taken = {name for name in names if printable(name) == name}
    texts = []
    for name in names:
        text, number = printable(name), 1
        while text != name and text in taken:
            number += 1
            text = f"{printable(name)} ({number})"
        taken.add(text)
        texts.append(text)
    return tuple(texts)
