"""Names of files and folders as printable text: on disk they are bytes, which may hold anything."""

import re
from collections.abc import Sequence

_UNPAIRED = re.compile("[\ud800-\udfff]")  # the surrogates by which Python stands for bytes that are no UTF-8
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def printable(name: str) -> str:
    """Valid text on one line without tabs: control characters as escapes, undecodable bytes as U+FFFD."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], _UNPAIRED.sub("\ufffd", name))


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names made printable; names that become equal are numbered, so that none is lost."""
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
