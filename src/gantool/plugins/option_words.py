"""The types of options in words, for help and for errors."""

from collections.abc import Sequence
from typing import Any, get_origin

from pydantic.fields import FieldInfo

from gantool.plugins.option_types import choices_of, items_of, limited, members_of, plain, takes_none

_PHRASES = {"yes/no": "yes or no", "integer": "an integer", "number": "a number", "text": "text", "path": "a path"}


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
    members = members_of(info.annotation)
    for items in [items_of(member)[0] for member in members if get_origin(member) is tuple]:
        members = [*members, *(each for item in items for each in members_of(item))]
    return [str(choice) for member in members if plain(member) == "choice" for choice in choices_of(member)]


def _accepts(annotation: Any, metadata: Sequence[Any] = ()) -> tuple[str, str]:
    kinds, limits = [], []
    for member, own in limited(annotation):
        if get_origin(member) is tuple:
            items, endless = items_of(member)
            parts = [_accepts(item) for item in items]
            kinds.append(f"{parts[0][0]}+..." if endless else "+".join(kind for kind, _ in parts))
            limits.append(_limits_of_items([limit for _, limit in parts]))
        else:
            kind = plain(member) or str(getattr(member, "__name__", member))
            words = list(map(str, choices_of(member))) if kind == "choice" else []
            only_word = len(words) == 1 and len(limited(annotation)) > 1  # as auto in `int | Literal["auto"]`
            limits.append("" if only_word else ", ".join(words))
            kinds.append(words[0] if only_word else kind)
        limits.append(_range(own))
    kinds += ["none"] if takes_none(annotation) else []
    return " or ".join(kinds), "; ".join(dict.fromkeys(filter(None, [*limits, _range(metadata)])))


def _limits_of_items(limits: Sequence[str]) -> str:
    if len(set(limits)) == 1:
        return limits[0]
    return "; ".join(f"number {count} {limit}" for count, limit in enumerate(limits, start=1) if limit)


def _phrase(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    phrases = []
    for member, own in limited(annotation):
        limit = f" ({_range(own)})" if _range(own) else ""
        if get_origin(member) is tuple:
            phrases.append(_phrase_of_items(*items_of(member)) + limit)
        elif plain(member) == "choice":
            listed = list(map(str, choices_of(member)))
            phrases.append(f"one of {', '.join(listed)}" if len(listed) > 1 else listed[0])
        else:
            phrases.append(_PHRASES.get(plain(member) or "", str(member)) + limit)
    limit = _range(metadata)
    words = " or ".join([*phrases, *(["none"] if takes_none(annotation) else [])])
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
