"""Moves along directions on the command line: `--move 3:+2`."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gantool.errors import OptionError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from gantool.sampling.model import Model

Move = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NUMBER:X",
        help="Move the latents along a direction of gantool directions, by X standard deviations, as in 3:+2; after "
        "truncation. Repeat it for several.",
    ),
]
DirectionsFile = Annotated[
    Path | None, typer.Option("--directions", metavar="FILE", help="Directions of --move. Default: those of the model.")
]


def parse_moves(texts: Sequence[str] | None, file: Path | None = None) -> dict[int, float]:
    """Moves by the number of the direction. Raises OptionError for what is none, or a direction given twice."""
    moves: dict[int, float] = {}
    for text in texts or ():
        match = re.fullmatch(r"\s*([0-9]{1,9})\s*:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*", text)
        if match is None:
            raise OptionError(f"--move takes a direction's number and standard deviations, as in 3:+2, not {text!r}.")
        if int(match[1]) in moves:
            raise OptionError(f"--move names direction {int(match[1])} twice: give the sum of both moves.")
        moves[int(match[1])] = float(match[2])
    if file is not None and not moves:
        raise OptionError(f"--directions {file} is of use with --move alone, as in --move 1:+2.")
    return moves


def move_name(moves: dict[int, float]) -> str:
    """The part of a file name for moves."""
    return "".join(f"-move{number}{deviations:+g}" for number, deviations in moves.items())


def shift_of(moves: dict[int, float], file: Path | None, path: str, model: "Model") -> "Float[Tensor, '...'] | None":
    """The shift of these moves along the directions of a model, or of a file; None without moves.

    Raises OptionError where the model has no directions yet, or they are of another model and no file is named.
    """
    if not moves:
        return None
    from gantool.sampling.directions import directions_file, load_directions

    place = directions_file(path) if file is None else file
    if file is None and not place.exists():
        raise OptionError(f"{path} has no directions yet: find them with gantool directions {path}")
    found = load_directions(place)
    if file is None:
        try:
            found.check_model(model, path)
        except OptionError as error:
            raise OptionError(f"{error} --directions {shlex.quote(str(place))} uses these all the same.") from error
    return found.shift(moves)
