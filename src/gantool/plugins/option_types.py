"""The types of options in the component grammar: text to value, and value to text."""

import re
import types
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from gantool.errors import OptionError

_FACTORS = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_PLAIN = {bool: "yes/no", int: "integer", float: "number", str: "text", Path: "path"}


def split(text: str, separator: str) -> list[str]:
    """Split at `separator` outside double quotes; the quotes stay. Raises OptionError for an open quote."""
    parts, quoted = [""], False
    for character in text:
        quoted ^= character == '"'
        if character == separator and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    if quoted:
        raise OptionError(f"A double quote is not closed in {text!r}; write two for one that belongs to the value.")
    return parts


def quote(text: str) -> str:
    """The value between double quotes, for texts that hold `,`, `+` or a quote."""
    return '"' + text.replace('"', '""') + '"'


def unquote(text: str) -> str:
    """The inverse of `quote`; text that is not quoted stays as it is."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def split_suffix(text: str) -> tuple[str, int]:
    """A number without its suffix, such as k or M, and the factor that this stands for."""
    factor = _FACTORS.get(text[-1:].lower(), 1)
    return (text, 1) if factor == 1 else (text[:-1].rstrip(), factor)


def read_value(text: str, info: FieldInfo) -> Any:
    """The text as a value for pydantic to check: number, None or tuple where the type has them, else the text."""
    return _read(text, info.annotation)


def write_value(value: Any, info: FieldInfo) -> str:
    """The inverse of `read_value` and pydantic's checks."""
    return _write(value, takes_none(info.annotation))


def writable(annotation: Any) -> bool:
    """True if every value of the type can be written in the grammar and read back as the same value."""
    members = members_of(annotation)
    kinds = [plain(member) for member in members]
    if any(member is str or member is Path for member in members) and len(members) > 1:
        return False  # in `int | str` nobody could tell the number from the text
    for member, kind in zip(members, kinds, strict=True):
        if get_origin(member) is tuple:
            items = [item for item in get_args(member) if item is not Ellipsis]
            if not items or not all(writable(item) and get_origin(item) is not tuple for item in items):
                return False
        elif kind is None:
            return False
    return bool(members)


def members_of(annotation: Any) -> list[Any]:
    """The types a value may have, without None and annotations."""
    return [member for member, _ in limited(annotation)]


def limited(annotation: Any) -> list[tuple[Any, list[Any]]]:
    """The same, each with what `Annotated` says about it."""
    if get_origin(annotation) is Annotated:
        inner, *entries = get_args(annotation)
        limits = [limit for entry in entries for limit in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]
        return [(member, [*own, *limits]) for member, own in limited(inner)]
    if get_origin(annotation) in (Union, types.UnionType):
        return [each for part in get_args(annotation) for each in limited(part)]
    return [] if annotation is types.NoneType else [(annotation, [])]


def takes_none(annotation: Any) -> bool:
    """True if a value may be None."""
    if get_origin(annotation) is Annotated:
        return takes_none(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return any(map(takes_none, get_args(annotation)))
    return annotation is types.NoneType


def plain(member: Any) -> str | None:
    """The word for a type that is no tuple; None where the grammar has none."""
    if member in _PLAIN:
        return _PLAIN[member]
    if get_origin(member) is Literal or (isinstance(member, type) and issubclass(member, Enum)):
        return "choice"
    return None


def choices_of(member: Any) -> list[Any]:
    """The values of a Literal or an Enum."""
    return [case.value for case in member] if get_origin(member) is not Literal else list(get_args(member))


def _read(text: str, annotation: Any) -> Any:
    if text == "none" and takes_none(annotation):
        return None
    members = members_of(annotation)
    for member in members:
        if plain(member) == "choice":
            for choice in choices_of(member):
                if unquote(text) == str(choice):
                    return choice
        if get_origin(member) is tuple:
            return _read_tuple(text, get_args(member))
    if {int, float} & set(members):
        return _number(text)
    return unquote(text)


def _read_tuple(text: str, items: Sequence[Any]) -> list[Any]:
    if not text:
        return []
    parts = [part.strip() for part in split(text, "+")]
    if len(items) == 2 and items[1] is Ellipsis:
        return [_read(part, items[0]) for part in parts]
    return [_read(part, item) for part, item in zip(parts, [*items, *[str] * len(parts)], strict=False)]


def _number(text: str) -> int | float | str:
    """`1_000`, `1e3`, `200k`, `1.5M`; whole numbers become int, what is no number stays text for pydantic to refuse."""
    digits, factor = split_suffix(text)
    try:
        number = float(digits) * factor
        exact = int(text) if re.fullmatch(r"[+-]?[\d_]+", text) else None
    except ValueError:
        return text
    if exact is not None:
        return exact
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _write(value: Any, takes_none: bool, *, in_tuple: bool = False) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return _write(value.value, takes_none, in_tuple=in_tuple)
    if isinstance(value, tuple):
        return "+".join(_write(item, False, in_tuple=True) for item in value)
    if isinstance(value, float):
        return repr(value).replace("e+", "e")  # a plus would split a tuple
    text = str(value)
    special = re.search(r'[,"]|^\s|\s$', text) or (in_tuple and ("+" in text or not text))
    return quote(text) if special or (text == "none" and takes_none) else text


def items_of(member: Any) -> tuple[list[Any], bool]:
    """The types of a tuple's items, and whether there may be any number of them."""
    items = get_args(member)
    return [item for item in items if item is not Ellipsis], Ellipsis in items
