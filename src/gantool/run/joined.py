"""Several sources given as `--data A --data B`: one component that is written, resolved and built by its parts."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gantool.api.specs import Component, ImageShape, Look, Options, Setting, option
from gantool.homes import at_home
from gantool.plugins.grammar import Choice, canonical, parse_choice, read_options
from gantool.plugins.selection import Chosen, imported

JOINED = "joined"


class JoinedOptions(Options):
    """Options of joined sources."""

    sources: tuple[str, ...] = option(..., "the sources, each in the grammar of --data")


_SPEC = Component(JOINED, "Several sources, one after another", JoinedOptions, "gantool.data.joined:JoinedSource")


@dataclass(frozen=True)
class JoinedChoice(Chosen):
    """Sources that are chosen together; the name of their spec, for messages, is those of the parts."""

    parts: tuple[Chosen, ...] = ()

    @property
    def text(self) -> str:
        """In the grammar, with every option of each source written out."""
        return canonical(JOINED, self.options)

    @property
    def texts(self) -> str:
        """The text of each source, by which caches are known."""
        return " and ".join(part.text for part in self.parts)

    @property
    def brief(self) -> str:
        """Each source, for messages."""
        return " and ".join(part.brief for part in self.parts)

    def build(self, *args: Any, **kwargs: Any) -> Any:
        """The images of all parts."""
        join = imported(self.title, self.distribution, self.spec.factory)
        return join([part.build(*args, **kwargs) for part in self.parts], list(map(_name, self.parts)))

    def natural(self) -> ImageShape | None:
        """The smallest resolution of the parts, in colour where one of them is."""
        shapes = [shape for part in self.parts if (shape := part.natural()) is not None]
        if not shapes:
            return None
        counts = [shape.pictures if isinstance(shape, Look) else None for shape in shapes]
        known = [count for count in counts if count is not None]
        smallest = min(shapes, key=lambda shape: shape.resolution)
        return Look(
            smallest.resolution,
            max(shape.channels for shape in shapes),
            why=": ".join(filter(None, ("that of the smallest source", getattr(smallest, "why", "")))),
            pictures=sum(known) if len(known) == len(self.parts) else None,
        )

    def resolved(self, setting: Setting) -> tuple["JoinedChoice", str]:
        """The parts with options at "auto" resolved."""
        answers = [part.resolved(setting) for part in self.parts]
        return _of([part for part, _ in answers]), "; ".join(dict.fromkeys(why for _, why in answers if why))

    def resolved_as(self, before: Chosen, anew: bool = False) -> "JoinedChoice":
        """The parts with the values that their options at "auto" got before, unless they get them `anew`."""
        if not isinstance(before, JoinedChoice) or len(before.parts) != len(self.parts):
            return self
        return _of([part.resolved_as(was, anew) for part, was in zip(self.parts, before.parts, strict=True)])


def joined_text(texts: Sequence[str]) -> str:
    """Sources as one text; a single one stays as it is."""
    return texts[0] if len(texts) == 1 else canonical(JOINED, JoinedOptions(sources=tuple(texts)))


def is_joined(text: str) -> bool:
    """True if `joined_text` wrote it for several sources."""
    return text.startswith(f"{JOINED}:")


def joined_choice(text: str, resolve: Callable[[str], Chosen]) -> JoinedChoice:
    """The inverse of `joined_text`; `resolve` finds each source."""
    choice: Choice = parse_choice(text)
    options = read_options(_SPEC, choice)
    assert isinstance(options, JoinedOptions)
    return _of([resolve(one) for one in options.sources])


def overlaps(paths: Sequence[str]) -> list[str]:
    """A sentence for each of these paths that is another one too, or lies in it: its images would count twice."""
    places = [Path(os.path.realpath(at_home(path))) for path in paths if at_home(path).exists()]
    said = {}
    for later, place in enumerate(places):
        for other in (*places[:later], *places[later + 1 :]):
            if place == other:
                said[place] = f"{place} is given more than once: each of its images counts as often."
            elif place.is_dir() and place.is_relative_to(other):
                said[place] = f"{place} lies in {other}, which is given too: its images count twice."
    return list(said.values())


def _of(parts: Sequence[Chosen]) -> JoinedChoice:
    lengths = [part.spec.images for part in parts if isinstance(part.spec, Component) and part.spec.images is not None]
    name = " and ".join(map(_name, parts))
    spec = replace(_SPEC, name=name, images=max(lengths) if len(lengths) == len(parts) else None)
    options = JoinedOptions(sources=tuple(part.text for part in parts))
    return JoinedChoice("source", spec, options, "gantool", "gantool", tuple(parts))


def _name(part: Chosen) -> str:
    return str(getattr(part.options, "path", part.spec.name))
