"""What a pickle may take: opcodes, bytes, and keys that cost no more than others. All else is a CheckpointError."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import gantool

MOST_OPCODES = 1_000_000
MOST_STACK = 20_000
"""Values that wait at once to be put into another: deep nesting comes to as many."""
MOST_BITS = 128
"""The size of an integer: those of many digits take long to be multiplied, and cannot be written as text."""
MOST_PLACE = 2**32
"""Larger places in the memo, and keys beyond `LARGEST_KEY`, can be chosen to have one hash, which takes the square."""
LARGEST_KEY = 2**60
_KEYS = (str, bytes, int, float, bool, type(None))
"""Types of keys: a tuple of tuples may take for ever to be hashed."""


@dataclass
class Budget:
    """The opcodes and bytes that all pickles inside one file may take together."""

    opcodes: int
    size: int

    def spend(self, opcodes: int = 0, size: int = 0) -> None:
        """Raise CheckpointError where it is used up."""
        self.opcodes -= opcodes
        self.size -= size
        if self.opcodes < 0:
            raise gantool.CheckpointError(f"a pickle of more than {MOST_OPCODES:,} opcodes")
        if self.size < 0:
            raise gantool.CheckpointError("a pickle that reads its own bytes again and again")

    def pay_for_copies(self, values: Iterable[Any]) -> None:
        """Spend what it takes to copy such values: as many opcodes or bytes as are inside."""
        for value in values:
            if isinstance(value, str | bytes):
                self.spend(size=len(value))
            elif isinstance(value, list | tuple | dict | set | frozenset):
                self.spend(opcodes=len(value))


def plain(values: list[Any]) -> list[Any]:
    """The values, if all are text or numbers."""
    for value in values:
        if not isinstance(value, _KEYS):
            raise gantool.CheckpointError(f"a pickle with a key of type {type(value).__name__}")
        if isinstance(value, int) and abs(value) >= LARGEST_KEY:
            raise gantool.CheckpointError(f"a pickle with the key {value}; no file of weights has so large ones")
    return values


def legible(name: str, most: int = 80) -> str:
    """A name as it is, if it is one of Python's; any other in quotes and ASCII. Of long ones, the beginning."""
    name = name[:most]
    return name if name.isascii() and name.replace(".", "").isidentifier() else ascii(name)
