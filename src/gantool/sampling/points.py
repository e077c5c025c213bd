"""A picture of a model by what makes it, as one line of text: `seed=7~3:0.2&truncation=0.7&label=cat`.

It is a query of a URL. `seed` is a seed, and turns of its z towards those of other seeds, each by a share of the way.
`to` and `at` morph it into another such z, `truncation` and `label` are those of `gantool sample`, `styles=9:4-7` takes
the layers 4 to 7 of w from another z, and `move=3:2,5:-1` moves along directions, in their standard deviations. Where
no label is named, each w is of the class of its own seed.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.engine import latents as latent_space
from gantool.errors import OptionError, UsageError, shortened
from gantool.sampling.directions import Directions
from gantool.sampling.limits import check_shape, check_truncation
from gantool.sampling.model import Model

MOST_TEXT, MOST_TURNS, MOST_MOVES = 4096, 64, 64
_KEYS = {"seed", "to", "at", "truncation", "label", "styles", "move"}
_SPOT = re.compile(r"\d{1,10}(?:~\d{1,10}:\d?\.?\d{1,4})*")
_STYLES = re.compile(r"([0-9~:.]+):(\d{1,3})-(\d{1,3})")
_MOVE = re.compile(r"(\d{1,4}):(-?\d{1,3}(?:\.\d{1,4})?)")


@dataclass(frozen=True)
class Spot:
    """The z of a seed, turned towards those of other seeds by shares of the way, one after the other."""

    seed: int
    turns: tuple[tuple[int, float], ...] = ()

    def __str__(self) -> str:
        return "~".join([str(self.seed), *(f"{seed}:{share:g}" for seed, share in self.turns)])


@dataclass(frozen=True)
class Styles:
    """Layers of w, from the first to the last, that are another's."""

    spot: Spot
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.spot}:{self.first}-{self.last}"


@dataclass(frozen=True)
class Point:
    """What makes a picture; the module says how it is written."""

    spot: Spot
    to: Spot | None = None
    at: float = 0.0
    truncation: float = 1.0
    label: str | None = None
    styles: Styles | None = None
    moves: tuple[tuple[int, float], ...] = ()

    def of_seed(self, seed: int) -> "Point":
        """The point of another seed, of the same class, truncated and moved alike."""
        return Point(Spot(seed), truncation=self.truncation, label=self.label, moves=self.moves)

    def __str__(self) -> str:
        fields = {
            "seed": self.spot,
            "to": self.to,
            "at": None if self.to is None else f"{self.at:g}",
            "truncation": None if self.truncation == 1 else f"{self.truncation:g}",
            "label": self.label,
            "styles": self.styles,
            "move": ",".join(f"{number}:{by:g}" for number, by in self.moves) or None,
        }
        return "&".join(f"{key}={quote(str(value), ':~,')}" for key, value in fields.items() if value is not None)


def parse_point(text: str) -> Point:
    """The point of a text. Raises OptionError for any other text."""
    if len(text) > MOST_TEXT:
        raise OptionError(f"A picture is described by at most {MOST_TEXT:,} characters, not {len(text):,}.")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=len(_KEYS))
        fields = dict(pairs)
        if len(fields) < len(pairs) or not fields.keys() <= _KEYS:
            raise ValueError
        point = Point(
            spot=_spot(fields["seed"]),
            to=_spot(fields["to"]) if "to" in fields else None,
            at=_share(fields.get("at", "0")),
            truncation=float(fields.get("truncation", "1")),
            label=fields.get("label"),
            styles=_styles(fields["styles"]) if "styles" in fields else None,
            moves=_moves(fields["move"]) if "move" in fields else (),
        )
    except (ValueError, KeyError) as error:
        raise OptionError(
            f"{shortened(text, 80)!r} describes no picture: it is seed=7, or seed=7~3:0.2 for a neighbour, and with & "
            "behind it truncation=0.7, label=NAME, to=9 and at=0.5, styles=9:4-7, or move=3:2."
        ) from error
    check_truncation(point.truncation)
    return point


def _spot(text: str) -> Spot:
    if not _SPOT.fullmatch(text) or text.count("~") > MOST_TURNS:
        raise ValueError(text)
    seed, *turns = text.split("~")
    parts = (turn.split(":") for turn in turns)
    return Spot(int(seed), tuple((int(other), _share(share)) for other, share in parts))


def _styles(text: str) -> Styles:
    match = _STYLES.fullmatch(text)
    if match is None or int(match[3]) < int(match[2]):
        raise ValueError(text)
    return Styles(_spot(match[1]), int(match[2]), int(match[3]))


def _moves(text: str) -> tuple[tuple[int, float], ...]:
    found = [_MOVE.fullmatch(part) for part in text.split(",")]
    moves = {int(one[1]): float(one[2]) for one in found if one}
    if len(moves) < len(found) or len(moves) > MOST_MOVES:
        raise ValueError(text)
    return tuple(sorted((number, by) for number, by in moves.items() if by))


def _share(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0 <= value <= 1):
        raise ValueError(text)
    return value


def labels_of(model: Model, points: Sequence[Point]) -> list[int] | None:
    """The class of each point by index, chosen by its first seed where it names none; None without classes."""
    chosen = [model.choose_labels([point.spot.seed], point.label) for point in points]
    return [int(one) for one in chosen if one is not None] or None


def latents_of(model: Model, points: Sequence[Point], directions: Directions | None = None) -> Float[Tensor, "n *d"]:
    """The latents of points, in w where there is one: a seed alone has exactly that of `gantool sample`.

    Raises OptionError for layers, or directions, that there are not.
    """
    placed = _placed(model, points)
    mix = latent_space.slerp if model.space == "z" else latent_space.lerp
    found = []
    for index, point in enumerate(points):
        latent = placed[index, point.spot]
        if point.to is not None:
            latent = mix(latent, placed[index, point.to], point.at)
        if point.styles is not None:
            latent = _mixed(latent, placed[index, point.styles.spot], point.styles)
        if point.moves and directions is None:
            raise UsageError("No directions are known of this model: gantool directions finds them.")
        if point.moves and directions is not None:
            shift = directions.shift(dict(point.moves))
            check_shape("moves", shift.shape, latent.shape, model.card.name)
            latent = latent + shift
        found.append(latent)
    return torch.stack(found)


def _placed(model: Model, points: Sequence[Point]) -> dict[tuple[int, Spot], Tensor]:
    """The truncated latent of each spot of each point, drawn together where they are truncated alike."""
    spots = [
        (index, spot)
        for index, point in enumerate(points)
        for spot in (point.spot, point.to, point.styles.spot if point.styles else None)
        if spot is not None
    ]
    placed: dict[tuple[int, Spot], Tensor] = {}
    for psi in dict.fromkeys(point.truncation for point in points):
        chosen = [key for key in spots if points[key[0]].truncation == psi]
        z = torch.stack([_z(model, spot) for _, spot in chosen])
        labels = labels_of(model, [replace(points[index], spot=spot) for index, spot in chosen])
        of_each = None if labels is None else torch.tensor(labels)
        placed |= zip(chosen, model.latents_of(z, of_each, psi), strict=True)
    return placed


def _z(model: Model, spot: Spot) -> Float[Tensor, "d"]:
    z: Tensor
    z, *others = model.z([spot.seed, *(seed for seed, _ in spot.turns)])
    for other, (_, share) in zip(others, spot.turns, strict=True):
        z = latent_space.slerp(z, other, share)
    return z


def _mixed(latent: Tensor, other: Tensor, styles: Styles) -> Tensor:
    if latent.dim() != 2:
        raise UsageError("The layers of this model have no latents of their own, so there are no styles to mix.")
    if styles.last >= len(latent):
        raise OptionError(f"There is no layer {styles.last}: this model has the layers 0 to {len(latent) - 1}.")
    mixed = latent.clone()
    mixed[styles.first : styles.last + 1] = other[styles.first : styles.last + 1]
    return mixed
