"""Names of files and folders as printable text: on disk they are bytes, which may hold anything."""

from collections.abc import Sequence

from gantool.errors import printable


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
