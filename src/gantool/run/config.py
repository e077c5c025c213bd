"""The configuration of a run as TOML, and its checks: flag > file > recipe > default, in one frozen RunConfig."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from gantool.api.run_config import ALIASES, NONE, SETTINGS, RunConfig, flag_of
from gantool.errors import OptionError, UsageError, nearest_beside, shortened
from gantool.hints import counterpart, hint
from gantool.hints.words import COMPONENTS
from gantool.plugins.grammar import Choice, briefly, parse_choice
from gantool.plugins.option_types import split, split_suffix, unquote
from gantool.plugins.option_words import choices, finite, phrase
from gantool.reading import parse_toml, read_text
from gantool.run.joined import is_joined, joined_text

WITHOUT_FLAG = tuple(name for name in SETTINGS if not flag_of(name).panel)
"""Settings for files and library users only."""
FREE_ON_RESUME = frozenset(name for name in SETTINGS if flag_of(name).free)
"""Settings that may change when a run resumes: how far, where and how it reports, not what it computes."""
CHANGEABLE = frozenset(name for name in SETTINGS if flag_of(name).changes)
"""Settings that a run may change when it resumes, written into its history."""
MOST_SHOWN = 80
MOST_IMAGES = 10**15
"""Beyond any run, and still exact as a float."""
COUNTS = tuple(name for name in SETTINGS if flag_of(name).counts)


def parse_count(text: str | int) -> int:
    """`200k`, `1.5M`, `1_000` or `5000` as a number of images. Raises OptionError for anything else."""
    digits, factor = split_suffix(str(text).strip())
    plain = re.fullmatch(r"\d[\d_]*(?:\.\d+)?", digits)
    value = Decimal(digits.replace("_", "")) * factor if plain else Decimal("0.5")
    if value != int(value):
        raise OptionError(f"{text!r} is not a number of images. Write {_plainly(str(text)) or '5000, 200k or 1.5M'}.")
    return int(value)


def _plainly(text: str) -> str:
    """How to write a number of images that is given as `1e4`; "" for any other text."""
    if not re.fullmatch(r"\d+(\.\d+)?[eE]\+?\d{1,2}", text.strip()):
        return ""
    value = Decimal(text.strip())
    ways = [f"{value / size:.0f}{letter}" for letter, size in (("M", 10**6), ("k", 1000)) if not value % size]
    return " or ".join([f"{value:f}", *ways[:1]]) if value == int(value) else ""


def read_config(path: Path) -> dict[str, Any]:
    """The settings in a TOML file, unresolved. Raises UsageError naming file and key."""
    try:
        settings = parse_toml(read_text(path))
    except OSError as error:
        near = "" if path.exists() else nearest_beside(path)
        raise UsageError(f"The configuration {path} cannot be read: {error.strerror}.{near}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not valid TOML: {error}.{_unquoted(path, error)}") from error
    known = (*RunConfig.model_fields, *ALIASES)
    for key in settings:
        if key not in known:
            raise UsageError(f"{path}: there is no setting {key!r}.{_hint(key, known)}")
    return settings


_BOOLEANS = dict.fromkeys(("true", "yes", "on"), "true") | dict.fromkeys(("false", "no", "off"), "false")


def _unquoted(path: Path, error: ValueError) -> str:
    """The remedy where a text without quotes, such as `arch = dcgan`, is why a file is not valid TOML."""
    place = re.search(r"at line (\d+)", str(error))
    found = read_text(path).splitlines()[int(place[1]) - 1 : int(place[1])] if place else []
    line = re.fullmatch(r"""\s*([\w-]+)\s*=\s*([^\s"'\[{#][^"'#]*?)\s*(?:#.*)?""", found[0]) if found else None
    if line is None or re.fullmatch(r"[-+\d.,_]+(e[-+]?\d+)?", line[2], re.IGNORECASE):  # a number that is none of TOML
        return ""
    word = _BOOLEANS.get(line[2].lower())
    return f" Write {line[1]} = {word}." if word else f" Text needs quotes: {line[1]} = {_toml(line[2])}."


def write_config(config: RunConfig) -> str:
    """The configuration as TOML; `read_config` inverts it."""
    return write_settings(config.model_dump())


def write_settings(values: Mapping[str, Any]) -> str:
    """Some settings as TOML."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def validated(settings: Mapping[str, Any], place: str) -> RunConfig:
    """A RunConfig of these settings. Raises OptionError naming the first wrong one and what it takes."""
    try:
        return RunConfig.model_validate(spread(settings))
    except ValidationError as error:
        raise _explained(error, place, _as_given(settings)) from error


def check_types(settings: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Settings as their fields take them.

    Raises OptionError for the first one whose value its field would refuse, or that does not exist.
    """
    values = {}
    for key, value in spread(settings).items():
        if key not in RunConfig.model_fields:
            known = (*RunConfig.model_fields, *ALIASES)
            raise OptionError(f"{place or 'The settings'}: there is no setting {key!r}.{_hint(key, known)}")
        info = RunConfig.model_fields[key]
        finite_only = ConfigDict(allow_inf_nan=False)  # as RunConfig has it
        adapter: TypeAdapter[Any] = TypeAdapter(Annotated[info.annotation, info], config=finite_only)  # type: ignore[arg-type]
        try:
            values[key] = adapter.validate_python(value)
        except ValidationError as error:
            raise _explained(error, place, _as_given(settings), key, value) from error
    return values


def _hint(key: str, known: Sequence[str]) -> str:
    return hint(key, {name: repr(name) for name in known})


def _as_given(settings: Mapping[str, Any]) -> dict[str, str]:
    """The aliases by which fields were given, by field."""
    given = {field: alias for alias, fields in ALIASES.items() if alias in settings for field in fields}
    return {field: alias for field, alias in given.items() if field not in settings}


def _explained(
    error: ValidationError, place: str, given: Mapping[str, str], key: str = "", value: Any = None
) -> OptionError:
    first, place = error.errors()[0], f"{place}: " if place else ""
    name_only = not key and len(first["loc"]) == 1  # else it is an item of a tuple
    if not key:
        key, value = str(first["loc"][0]), first.get("input")
    name = named(given.get(key, key))
    shown = shortened(_formatted(value), MOST_SHOWN)
    if first["type"] == "missing" and name_only:
        return OptionError(f"{place}{name} is missing.")
    takes = phrase(RunConfig.model_fields[key]).replace("'+'", "','") if key in RunConfig.model_fields else ""
    if first["type"] == "finite_number":
        takes = finite(takes)
    if takes and first["type"] not in ("value_error", "assertion_error"):
        near = counterpart(shown, choices(RunConfig.model_fields[key]), COMPONENTS)
        meant = f" Did you mean {near!r}?" if near else ""
        return OptionError(f"{place}{name} takes {takes}, not {shown}.{meant}")
    return OptionError(f"{place}{name} {shown}: {first['msg'].lower()}.")


def spread(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Aliases replaced by the fields they set, counts read; a field's own name wins over an alias."""
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in settings.items()}
    plain = {key: value for key, value in plain.items() if key not in ALIASES}
    for alias, fields in ALIASES.items():
        if alias in settings:
            plain = dict.fromkeys(fields, settings[alias]) | plain
    for key in COUNTS:
        value = plain.get(key)
        if isinstance(value, str) and value != "auto":
            value = plain[key] = parse_count(value)
        if isinstance(value, int) and value > MOST_IMAGES:
            raise OptionError(f"{named(key)} takes at most {MOST_IMAGES:,} images.")
    if isinstance(plain.get("data"), tuple | list):
        sources = plain.pop("data")
        plain |= {"data": joined_text([str(source) for source in sources])} if sources else {}
    for key in ("penalty", "log"):
        if isinstance(plain.get(key), str):
            plain[key] = (plain[key],)
    if isinstance(plain.get("betas"), str):
        plain["betas"] = plain["betas"].split(",")
    return plain


def differing(old: RunConfig, new: RunConfig) -> list[str]:
    """The settings that differ, without those that are free when a run resumes."""
    before, after = old.model_dump(), new.model_dump()
    return [key for key in before if key not in (*FREE_ON_RESUME, "history") and before[key] != after[key]]


def described(old: RunConfig, new: RunConfig, then: str = "in the run", now: str = "requested") -> list[str]:
    """The settings that differ, a phrase each, by their flags: `--batch 64 in the run, 32 requested`.

    Of a component it has what tells the two apart: the names, or the options that differ.
    """
    keys = differing(old, new)
    before, after = old.model_dump(), new.model_dump()
    if {"lr_g", "lr_d"} <= set(keys) and all(values["lr_g"] == values["lr_d"] for values in (before, after)):
        keys = ["lr" if key == "lr_g" else key for key in keys if key != "lr_d"]
    phrases = []
    for key in keys:
        field = ALIASES.get(key, (key,))[0]
        was, shall = before[field], after[field]
        if flag_of(field).kind:
            was, shall = _apart(was, shall)
        phrases.append(f"{named(key)} {_formatted(was) or NONE} {then}, {_formatted(shall) or NONE} {now}")
    return phrases


def named(key: str) -> str:
    """A setting by its flag, where it has one."""
    return key if key in WITHOUT_FLAG else f"--{key.replace('_', '-')}"


def _apart(one: str | tuple[str, ...], other: str | tuple[str, ...]) -> tuple[str, str]:
    """Two components, or two lists of some, each without the options in which it does not differ from the other."""
    between = " and " if isinstance(one, str) else " "
    firsts, seconds = ([parse_choice(text) for text in _parts(texts)] for texts in (one, other))
    alike = [choice.name for choice in firsts] == [choice.name for choice in seconds]
    pairs = list(zip(firsts, seconds if alike else firsts, strict=True))
    said_of_one = between.join(_beside(*pair) for pair in pairs)
    pairs = list(zip(seconds, firsts if alike else seconds, strict=True))
    return said_of_one, between.join(_beside(*pair) for pair in pairs)


def _parts(texts: str | tuple[str, ...]) -> tuple[str, ...]:
    """Each component, and each of sources that are joined."""
    if not isinstance(texts, str):
        return texts
    sources = parse_choice(texts).options.get("sources", "") if is_joined(texts) else ""
    return tuple(map(unquote, split(sources, "+"))) if sources else (texts,)


def _beside(choice: Choice, other: Choice) -> str:
    """A component with its path and the options that the other has not."""
    told = {key: value for key, value in choice.options.items() if key == "path" or value != other.options.get(key)}
    return briefly(Choice(choice.name, told))


def _toml(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    # A JSON string is a TOML string, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _formatted(value: Any) -> str:
    if isinstance(value, tuple | list):
        return " ".join(map(str, value)) or NONE
    return str(value)
