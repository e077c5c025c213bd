"""The types of options in the component grammar: text to value, value to text, and a description."""

import re
import types
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from gantool.errors import OptionError

_SUFFIXES = {"k": 1_000, "M": 1_000_000}
_PLAIN = {bool: "yes/no", int: "integer", float: "number", str: "text", Path: "path"}
_PHRASES = {"yes/no": "yes or no", "integer": "an integer", "number": "a number", "text": "text", "path": "a path"}


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


def read_value(text: str, info: FieldInfo) -> Any:
    """The text as a value for pydantic to check: number, None or tuple where the type has them, else the text."""
    return _read(text, info.annotation)


def write_value(value: Any, info: FieldInfo) -> str:
    """The inverse of `read_value` and pydantic's checks."""
    return _write(value, _takes_none(info.annotation))


def writable(annotation: Any) -> bool:
    """True if every value of the type can be written in the grammar and read back as the same value."""
    members = _members(annotation)
    kinds = [_plain(member) for member in members]
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


def accepts(info: FieldInfo) -> tuple[str, str]:
    """Type and limits in words: `("integer", "at least 8")`, `("choice", "stride, pool")`."""
    return _accepts(info.annotation, info.metadata)


def phrase(info: FieldInfo) -> str:
    """The same as one phrase: "an integer (at least 8)", "one of stride, pool"."""
    return _phrase(info.annotation, info.metadata)


def finite(phrase: str) -> str:
    """The phrase for an error about infinity or NaN: "a finite number (above 0)"."""
    return phrase.replace("number", "finite number", 1)


def choices(info: FieldInfo) -> list[str]:
    """The words an option, or each item of it, may be chosen from, as they are written; empty where it is free."""
    members = _members(info.annotation)
    for items in [_items(member)[0] for member in members if get_origin(member) is tuple]:
        members = [*members, *(each for item in items for each in _members(item))]
    return [str(choice) for member in members if _plain(member) == "choice" for choice in _choices(member)]


def _members(annotation: Any) -> list[Any]:
    """The types a value may have, without None and annotations."""
    return [member for member, _ in _limited(annotation)]


def _limited(annotation: Any) -> list[tuple[Any, list[Any]]]:
    """The same, each with what `Annotated` says about it."""
    if get_origin(annotation) is Annotated:
        inner, *entries = get_args(annotation)
        limits = [limit for entry in entries for limit in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]
        return [(member, [*own, *limits]) for member, own in _limited(inner)]
    if get_origin(annotation) in (Union, types.UnionType):
        return [each for part in get_args(annotation) for each in _limited(part)]
    return [] if annotation is types.NoneType else [(annotation, [])]


def _takes_none(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _takes_none(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return any(map(_takes_none, get_args(annotation)))
    return annotation is types.NoneType


def _plain(member: Any) -> str | None:
    if member in _PLAIN:
        return _PLAIN[member]
    if get_origin(member) is Literal or (isinstance(member, type) and issubclass(member, Enum)):
        return "choice"
    return None


def _choices(member: Any) -> list[Any]:
    return [case.value for case in member] if get_origin(member) is not Literal else list(get_args(member))


def _read(text: str, annotation: Any) -> Any:
    if text == "none" and _takes_none(annotation):
        return None
    members = _members(annotation)
    for member in members:
        if _plain(member) == "choice":
            for choice in _choices(member):
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
    match = re.fullmatch(r"(.*?)([kM]?)", text)
    try:
        number = float(match[1]) * _SUFFIXES.get(match[2], 1) if match else float(text)
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


def _items(member: Any) -> tuple[list[Any], bool]:
    """The types of a tuple's items, and whether there may be any number of them."""
    items = get_args(member)
    return [item for item in items if item is not Ellipsis], Ellipsis in items


def _accepts(annotation: Any, metadata: Sequence[Any] = ()) -> tuple[str, str]:
    kinds, limits = [], []
    for member, own in _limited(annotation):
        if get_origin(member) is tuple:
            items, endless = _items(member)
            parts = [_accepts(item) for item in items]
            kinds.append(f"{parts[0][0]}+..." if endless else "+".join(kind for kind, _ in parts))
            limits.append(_limits_of_items([limit for _, limit in parts]))
        else:
            kind = _plain(member) or str(getattr(member, "__name__", member))
            words = list(map(str, _choices(member))) if kind == "choice" else []
            only_word = len(words) == 1 and len(_limited(annotation)) > 1  # as auto in `int | Literal["auto"]`
            limits.append("" if only_word else ", ".join(words))
            kinds.append(words[0] if only_word else kind)
        limits.append(_range(own))
    kinds += ["none"] if _takes_none(annotation) else []
    return " or ".join(kinds), "; ".join(dict.fromkeys(filter(None, [*limits, _range(metadata)])))


def _limits_of_items(limits: Sequence[str]) -> str:
    if len(set(limits)) == 1:
        return limits[0]
    return "; ".join(f"number {count} {limit}" for count, limit in enumerate(limits, start=1) if limit)


def _phrase(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    phrases = []
    for member, own in _limited(annotation):
        limit = f" ({_range(own)})" if _range(own) else ""
        if get_origin(member) is tuple:
            phrases.append(_phrase_of_items(*_items(member)) + limit)
        elif _plain(member) == "choice":
            listed = list(map(str, _choices(member)))
            phrases.append(f"one of {', '.join(listed)}" if len(listed) > 1 else listed[0])
        else:
            phrases.append(_PHRASES.get(_plain(member) or "", str(member)) + limit)
    limit = _range(metadata)
    words = " or ".join([*phrases, *(["none"] if _takes_none(annotation) else [])])
    return f"{words} ({limit})" if limit else words


def _phrase_of_items(items: Sequence[Any], endless: bool) -> str:
    """ "integers (at least 1) joined by '+'", "2 numbers joined by '+'", "an integer + a number (above 0)"."""
    parts = {_accepts(item) for item in items}
    if len(parts) > 1:
        return " + ".join(map(_phrase, items))
    ((kind, limits),) = parts
    count = "" if endless else f"{len(items)} "
    if kind == "choice":
        return f"{count or 'any '}of {limits}, joined by '+'"
    if " or " in kind:
        return f"{count}values joined by '+', each {_phrase(items[0])}"
    plural = {"yes/no": "of yes and no", "text": "text"}.get(kind, f"{kind}s")
    return f"{count}{plural}{f' ({limits})' if limits else ''} joined by '+'"


def _range(metadata: Sequence[Any]) -> str:
    """The limits in words, from pydantic's `ge`, `gt`, `le`, `lt`, `multiple_of`, `min_length` and `max_length`."""
    names = ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length")
    found = {name: limit for entry in metadata for name in names if (limit := getattr(entry, name, None)) is not None}
    words = []
    if "ge" in found and "le" in found:
        words.append(f"from {_written(found.pop('ge'))} to {_written(found.pop('le'))}")
    for name, word in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below")):
        if name in found:
            words.append(f"{word} {_written(found[name])}")
    if "multiple_of" in found:
        words.append(f"a multiple of {_written(found['multiple_of'])}")
    if "min_length" in found:
        words.append(f"length at least {found['min_length']}")
    if "max_length" in found:
        words.append(f"length at most {found['max_length']}")
    return ", ".join(words)


def _written(limit: Any) -> str:
    """A limit as one would type it: 4096, 1_000_000, 0.5."""
    if isinstance(limit, int):
        return str(limit) if abs(limit) < 10_000 else f"{limit:_}"
    return f"{limit:g}" if isinstance(limit, float) else str(limit)
