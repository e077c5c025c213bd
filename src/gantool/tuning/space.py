"""The search space: for each setting the texts that it may take, in which numbers may be ranges `LOW..HIGH`.

`lr=1e-4..1e-2` is one text with one range, `penalty=none,r1:weight=0.1..10` two texts, the second with a range. A range
that begins above 0 is searched on a logarithmic scale; whole numbers at both ends mean whole numbers between.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from gantool.api.run_config import ALIASES, RunConfig
from gantool.errors import OptionError, did_you_mean
from gantool.run.config import WITHOUT_FLAG, check_types

START = "start"
"""The text that leaves a setting as it is at the start."""
DIGITS = 3
"""The digits of drawn numbers: more would only make the command harder to read."""
FIXED = ("data", "resolution", "channels", "labels", "flip", "images", "seed")
"""Settings that change the meaning of a score or the cost of a trial, so they cannot be searched."""
ALSO_FIXED = ("device", "tick", "snapshot_every", "checkpoint_every", "keep", "patience", "log", "horizon")
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"(?<![\w.-])({_NUMBER})\.\.({_NUMBER})(?![\w.])")

Drawn = Mapping[str, float | int | str]
"""The values drawn for a trial, by the names that `Dimension.draw` asks for."""


@runtime_checkable
class Draws(Protocol):
    """The provider of drawn values: a trial of optuna, or an earlier draw."""

    def suggest_categorical(self, name: str, choices: Sequence[str]) -> Any:
        """One of the texts."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float:
        """A number between both ends."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool) -> int:
        """A whole number between both ends."""


@dataclass(frozen=True)
class Dimension:
    """A setting, or the alias `lr`, with the texts that it may take."""

    key: str
    texts: tuple[str, ...]

    def draw(self, source: Draws) -> tuple[dict[str, float | int | str], str]:
        """The drawn values, and the text made from them."""
        drawn: dict[str, float | int | str] = {}
        text = self.texts[0]
        if len(self.texts) > 1:
            text = str(source.suggest_categorical(self.key, self.texts))
            drawn[self.key] = text
        for index, found in enumerate(list(_RANGE.finditer(text))):
            name = f"{self.key} {text} {index}" if len(self.texts) > 1 else f"{self.key} {index}"
            drawn[name] = _number(source, name, *found.groups())
        numbers = iter([value for name, value in drawn.items() if name != self.key])
        return drawn, _RANGE.sub(lambda _: str(next(numbers)), text)

    def starting_at(self, start: Mapping[str, Any]) -> dict[str, float | int | str] | None:
        """The draw that gives the settings of the start; None if there is none."""
        if START in self.texts:
            return {self.key: START} if len(self.texts) > 1 else {}
        values = {start[name] for name in ALIASES.get(self.key, (self.key,))}
        if len(values) > 1:
            return None
        value = values.pop()
        if str(value) in self.texts:
            return {self.key: str(value)} if len(self.texts) > 1 else {}
        found = _RANGE.fullmatch(self.texts[0]) if len(self.texts) == 1 else None
        if found and float(found[1]) <= value <= float(found[2]):
            return {f"{self.key} 0": value}
        return None

    def corners(self) -> Iterator[str]:
        """The texts with both ends of their ranges filled in: if these are valid, so is everything between."""
        for text in self.texts:
            for end in (1, 2):
                yield _RANGE.sub(lambda found, end=end: found[end], text)  # type: ignore[misc]

    def __str__(self) -> str:
        return f"{self.key}={','.join(self.texts)}"


def _number(source: Draws, name: str, low: str, high: str) -> float | int:
    if low.isdigit() and high.isdigit():
        return source.suggest_int(name, int(low), int(high), log=int(low) > 0)
    drawn = source.suggest_float(name, float(low), float(high), log=float(low) > 0)
    return min(max(float(f"{drawn:.{DIGITS}g}"), float(low)), float(high))


def parse(text: str) -> Dimension:
    """A dimension from `KEY=TEXT,TEXT`. Raises OptionError for a setting that cannot be searched, or wrong syntax."""
    key, equals, rest = text.partition("=")
    key = key.strip().replace("-", "_")
    searchable = [name for name in (*RunConfig.model_fields, *ALIASES) if name not in (*FIXED, *ALSO_FIXED, "arch")]
    searchable = [name for name in searchable if name not in WITHOUT_FLAG] + ["arch"]
    if key in FIXED:
        raise OptionError(f"--search {text}: scores of another {key} cannot be compared; give --{key} itself.")
    if key not in searchable:
        near = did_you_mean(key, searchable)
        raise OptionError(f"--search {text}: {key!r} cannot be searched.{near} These can: {', '.join(searchable)}.")
    texts = tuple(_split(rest))
    if not equals or not all(texts):
        raise OptionError(f"--search {text}: write KEY=LOW..HIGH or KEY=one,other, such as lr=1e-4..1e-2.")
    for low, high in _RANGE.findall(rest):
        if float(low) >= float(high):
            raise OptionError(f"--search {text}: {low}..{high} is no range; write the smaller number first.")
    return Dimension(key, tuple(dict.fromkeys(texts)))


def _split(text: str) -> Iterator[str]:
    """The texts between commas, except commas between options: in `none,r1:weight=1,every=16` the last is r1's."""
    whole, *rest = text.split(",")
    for piece in rest:
        if re.match(r"\w+=", piece) and ":" in whole:
            whole += f",{piece}"
        else:
            yield whole.strip()
            whole = piece
    yield whole.strip()


def meant(key: str, text: str) -> dict[str, Any]:
    """The settings that a text of a dimension stands for, none for `start`. Raises OptionError for an invalid text."""
    return {} if text == START else check_types({key: text}, f"--search {key}")


def flags(settings: Mapping[str, Any]) -> list[str]:
    """Settings as arguments of a command line, as `gantool train` reads them."""
    words: list[str] = []
    plain = dict(settings)
    if "lr_g" in plain and plain["lr_g"] == plain.get("lr_d"):
        plain = {("lr" if key == "lr_g" else key): value for key, value in plain.items() if key != "lr_d"}
    for key, value in plain.items():
        flag = "--" + key.replace("_", "-")
        if isinstance(value, bool):
            words.append(flag if value else flag.replace("--", "--no-", 1))
        else:
            each = (value or ("none",)) if isinstance(value, list | tuple) else (value,)
            words += [word for one in each for word in (flag, str(one))]
    return words
