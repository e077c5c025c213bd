"""Favourites: pictures of a model that somebody chose, kept in a file of its run."""

import json
from collections.abc import Sequence
from pathlib import Path

from jaxtyping import UInt8
from torch import Tensor

from gantool.engine.run_names import AVERAGED, FAVOURITES, GENERATOR
from gantool.errors import DataError, OptionError, UsageError
from gantool.files import cache_folder, write_text
from gantool.reading import read_json
from gantool.render.pictures import make_folder
from gantool.sampling.directions import directions_file, load_directions
from gantool.sampling.locate import generator_file, run_of
from gantool.sampling.model import Model
from gantool.sampling.points import Point, labels_of, latents_of, parse_point
from gantool.sampling.remote import repository_of

FORMAT, MOST = 1, 1000


def favourites_file(model: str | Path) -> Path:
    """Where the favourites of a MODEL are: in its run, whichever checkpoint it is, or beside a file of no run.

    Those of a model on the Hub are in gantool's own cache, the same for all its revisions: the Hub's may be cleaned.
    """
    if (at := repository_of(model)) is not None:
        return cache_folder() / "hub" / at[0].replace("/", "--") / FAVOURITES
    run = run_of(model)
    if run is not None:
        return run / FAVOURITES
    file = generator_file(model)
    return file.with_name(FAVOURITES if file.name in (GENERATOR, AVERAGED) else f"{file.stem}-{FAVOURITES}")


def load_favourites(path: Path) -> list[Point]:
    """The favourites of a file, none where there is no file. Raises DataError for a file that has none."""
    try:
        found = read_json(path)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as favourites ({error}).") from error
    texts = found.get("favourites") if isinstance(found, dict) and found.get("format") == FORMAT else None
    if not isinstance(texts, list) or len(texts) > MOST or not all(isinstance(text, str) for text in texts):
        raise DataError(f"{path} holds no favourites: gantool explore writes such files.")
    try:
        return [parse_point(text) for text in texts]
    except OptionError as error:
        raise DataError(f"{path}: {error}") from error


def favourites_of(model: str | Path) -> list[Point]:
    """The favourites of a MODEL. Raises UsageError where it has none."""
    found = load_favourites(favourites_file(model))
    if not found:
        raise UsageError(f"{model} has no favourites yet: gantool explore {model} keeps them.")
    return found


def drawn(model: Model, path: str | Path, points: Sequence[Point], level: int | None) -> UInt8[Tensor, "n c h w"]:
    """Pictures of favourites of the MODEL at this path, moved along its own directions where they say so."""
    directions = None
    if any(point.moves for point in points) and directions_file(path).is_file():
        directions = load_directions(directions_file(path))
        directions.check_model(model, path)
    return model.render(latents_of(model, points, directions), labels_of(model, points), level)


def save_favourites(path: Path, points: Sequence[Point]) -> None:
    """Write favourites atomically; the inverse of `load_favourites`. Raises OptionError for more than 1,000."""
    if len(points) > MOST:
        raise OptionError(f"{path} keeps up to {MOST:,} favourites: remove one first.")
    make_folder(path.parent)
    write_text(path, json.dumps({"format": FORMAT, "favourites": [str(point) for point in points]}, indent=1) + "\n")
