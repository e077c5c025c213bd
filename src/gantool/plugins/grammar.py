"""One grammar for a component with its options, the same in every flag and in TOML: `NAME[:key=value,key=value]`.

A value may hold `:`, `=` and `/` as they are. Between double quotes, `,` and `+` too belong to the value, and a doubled
quote stands for one, as in a CSV file: `folder:path="a, b"`. Tuples are joined by `+`; booleans are yes or no; numbers
may be written `1_000`, `200k` or `1.5M`; nothing at all is `none`. The first of the options that are required may be
given without its name, in front of all others: `folder:photos,fit=pad`.
"""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gantool.api.specs import BEFORE, Options, Spec
from gantool.errors import OptionError, UsageError, did_you_mean, nearest, shortened
from gantool.plugins.option_types import read_value, split, unquote, write_value
from gantool.plugins.option_words import accepts, choices, finite, phrase

MOST_LETTERS = 10_000
MOST_SHOWN = 80


@dataclass(frozen=True)
class Choice:
    """A component as the user wrote it; option values are still text, quotes included.

    A value without a name, which can only come first, is that of the option "".
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)


def parse_choice(text: str) -> Choice:
    """Read `NAME[:key=value,key=value]`. Raises UsageError for anything of another form."""
    if len(text) > MOST_LETTERS:
        raise UsageError(f"{text[:40]!r}... is too long: {len(text):,} letters, where {MOST_LETTERS:,} are the most.")
    name, _, rest = text.strip().partition(":")
    name = name.strip()
    if not name or re.search(r"[\s,=\"]", name):
        hint = ": a comma separates options. Several names take a flag each, values of one option a + between them"
        raise UsageError(f"{text!r} is not of the form NAME or NAME:key=value,key=value{hint if ',' in name else ''}.")
    options: dict[str, str] = {}
    for place, part in enumerate(split(rest, ",") if rest.strip() else []):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if place == 0 and key and not equals:
            options[""] = key
            continue
        if not equals and key:
            raise OptionError(f"The option {key!r} in {text!r} has no value: write {key}=VALUE.")
        if not key:
            raise OptionError(f"{part!r} in {text!r} is not of the form key=value.")
        if key in options:
            raise OptionError(f"Option {key!r} is given twice in {text!r}.")
        options[key] = value
    return Choice(name, options)


def read_options(spec: Spec, choice: Choice) -> Options:
    """The options of `choice`, checked and completed by defaults. Raises OptionError naming each wrong option."""
    fields = spec.options.model_fields
    choice = _named(spec, choice)
    for key in choice.options:
        if key not in fields:
            known = f"It takes {', '.join(fields)}." if fields else "It takes none."
            raise OptionError(f"{spec.name} has no option {key!r}.{did_you_mean(key, fields)} {known}")
    values = {key: read_value(text, fields[key]) for key, text in choice.options.items()}
    try:
        return spec.options.model_validate(values)
    except ValidationError as error:
        sentences = dict.fromkeys(_sentence(spec, choice, problem) for problem in error.errors())
        raise OptionError(" ".join(sentences)) from error


def added(spec: Spec) -> dict[str, Any]:
    """The options that were added to a component later, each with the value that is as if it were not there."""
    fields = spec.options.model_fields.items()
    return {
        key: more[BEFORE] for key, info in fields if isinstance(more := info.json_schema_extra, dict) and BEFORE in more
    }


def as_made(spec: Spec, choice: Choice) -> Choice:
    """The choice in a file, where every option of its time is written out: those added since are as before them."""
    fields = spec.options.model_fields
    before = {key: write_value(value, fields[key]) for key, value in added(spec).items()}
    return Choice(choice.name, before | dict(_named(spec, choice).options))


def _named(spec: Spec, choice: Choice) -> Choice:
    """The choice with the name of the option whose value was given without one."""
    if (value := choice.options.get("")) is None:
        return choice
    first = next((key for key, info in spec.options.model_fields.items() if info.is_required()), "")
    if not first:
        raise OptionError(_without_value(spec, value))
    if first in choice.options:
        raise OptionError(f"Option {first!r} of {spec.name} is given twice: {value!r} is its value without the name.")
    return Choice(choice.name, {first: value, **{key: one for key, one in choice.options.items() if key}})


def _without_value(spec: Spec, text: str) -> str:
    """The message about a word where `key=value` should be: with an option as it may be written."""
    fields = spec.options.model_fields
    if not fields:
        return f"{spec.name} takes no options: leave {text!r} out."
    key = text if text in fields else nearest(text, fields) or next(iter(fields))
    info = fields[key]
    value = "VALUE" if info.is_required() else write_value(_default(info), info) or "VALUE"
    value = "yes" if value == "no" and info.annotation is bool else value  # what the bare word means
    what = f"The option {text!r} of {spec.name} has no value" if text in fields else f"{text!r} is not key=value"
    return f"{what}: write it as in {spec.name}:{key}={value}. It takes {', '.join(fields)}."


def canonical(name: str, options: Options) -> str:
    """Every option written out; `parse_choice` and `read_options` turn it back into the same options."""
    fields = type(options).model_fields
    written = ",".join(f"{key}={write_value(getattr(options, key), fields[key])}" for key in fields)
    return f"{name}:{written}" if written else name


def brief(name: str, options: Options) -> str:
    """As a user would write it: without options at their defaults, and a path in place of the name."""
    written = {
        key: write_value(getattr(options, key), info)
        for key, info in type(options).model_fields.items()
        if info.is_required() or getattr(options, key) != _default(info)
    }
    return briefly(Choice(name, written))


def briefly(choice: Choice) -> str:
    """The same of a choice whose options are all worth saying."""
    written = dict(choice.options)
    name = near(unquote(written.pop("path"))) if "path" in written else choice.name
    return ":".join(filter(None, (name, ",".join(f"{key}={value}" for key, value in written.items()))))


def near(path: str) -> str:
    """A path relative to the current folder, where it is inside."""
    here = Path.cwd()
    return os.path.relpath(path, here) if Path(path).is_relative_to(here) else path


def _default(info: Any) -> Any:
    return info.get_default(call_default_factory=True, validated_data={})


@dataclass(frozen=True)
class OptionRow:
    """One option as a help page shows it: `type` and `limits` are words, `default` is in the grammar."""

    name: str
    type: str
    limits: str
    default: str
    help: str
    required: bool


def describe_options(options: type[Options]) -> list[OptionRow]:
    """The options of a component, and the values they take, in the order of their declaration."""
    rows = []
    for name, info in options.model_fields.items():
        kind, limits = accepts(info)
        required = info.is_required()
        default = "" if required else write_value(_default(info), info)
        rows.append(OptionRow(name, kind, limits, default, info.description or "", required))
    return rows


def _sentence(spec: Spec, choice: Choice, problem: Mapping[str, Any]) -> str:
    """One of pydantic's errors in words."""
    if not problem["loc"]:  # a validator of the whole model
        return f"{spec.name} refuses these options: {_reason(problem)}."
    key = str(problem["loc"][0])
    info = spec.options.model_fields[key]
    if problem["type"] == "missing" and len(problem["loc"]) == 1:  # else it is an item of a tuple
        return f"{spec.name} needs its option {key!r}: {phrase(info)}."
    text = choice.options.get(key, "")
    shown = shortened(text, MOST_SHOWN)
    if problem["type"] in ("value_error", "assertion_error"):
        return f"Option {key!r} of {spec.name} cannot be {shown!r}: {_reason(problem)}."
    near = "" if "+" in text else did_you_mean(shown, choices(info))
    takes = finite(phrase(info)) if any(map(_endless, text.split("+"))) else phrase(info)
    return f"Option {key!r} of {spec.name} takes {takes}, not {shown!r}.{near}"


def _endless(text: str) -> bool:
    """True for infinity and NaN."""
    try:
        return not math.isfinite(float(text))
    except ValueError:
        return False


def _reason(problem: Mapping[str, Any]) -> str:
    return str(problem["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ").rstrip(".")
