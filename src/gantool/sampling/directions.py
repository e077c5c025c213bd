"""Directions of the latent space along which pictures change, kept in a file beside their model.

A safetensors file with `directions` `[k, *d]`, unit vectors in w where the model has such a space, else in z, and
`scale` `[k]`: the standard deviation of the model's latents along each. Its card, one JSON key, names the model.
"""

import json
import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from gantool.arguments import type_checked
from gantool.engine.run_names import AVERAGED, DIRECTIONS, GENERATOR
from gantool.errors import DataError, OptionError, nearest_beside, printable
from gantool.files import write_atomically
from gantool.reading import check_header, parse_json
from gantool.render.pictures import make_folder
from gantool.sampling.locate import generator_file
from gantool.sampling.model import Model

METADATA_KEY = "gantool-directions"
MOST_DEVIATIONS = 100.0

Method = Literal["pca", "sefa"]


class DirectionsCard(BaseModel):
    """The header of a file of directions."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    method: Method
    space: Literal["z", "w"]
    architecture: Annotated[str, AfterValidator(printable)]
    digest: Annotated[str, AfterValidator(printable)] = ""
    """SHA-256 of the model that they were found in, as in its card, or of its file where that has none."""


@dataclass(frozen=True)
class Directions:
    """Directions by number, from 1 on, the strongest first."""

    vectors: Float[Tensor, "k *d"]
    """Unit vectors; the largest component of each is positive."""
    scale: Float[Tensor, "k"]
    """Standard deviations of the model's latents along each."""
    card: DirectionsCard

    def __len__(self) -> int:
        return len(self.vectors)

    @type_checked
    def shift(self, moves: Mapping[int, float]) -> Float[Tensor, "*d"]:
        """The sum of moves along directions, by number from 1 on, in standard deviations of the latents along each.

        `Model.sample`, `images`, `render` and `interpolate` take it.
        Raises OptionError for a number that there is not, or a move that is not finite or beyond 100.
        """
        shift = torch.zeros(self.vectors.shape[1:])
        for number, deviations in moves.items():
            if not 1 <= number <= len(self):
                raise OptionError(f"There is no direction {number}: these go from 1 to {len(self)}.")
            if not math.isfinite(deviations) or abs(deviations) > MOST_DEVIATIONS:
                raise OptionError(
                    f"A move is from -{MOST_DEVIATIONS:g} to {MOST_DEVIATIONS:g} standard deviations, not {deviations}."
                )
            shift += deviations * self.scale[number - 1] * self.vectors[number - 1]
        return shift

    @type_checked
    def check_model(self, model: Model, path: str | Path = "MODEL") -> None:
        """Raise OptionError if they were not found in this model, which is that at `path`."""
        if self.card.digest != model.card.digest:
            raise OptionError(
                f"These directions were found in another model than this one ({model.card}). Its own are found by "
                f"gantool directions {shlex.quote(str(path))} --overwrite."
            )


def directions_file(model: str | Path) -> Path:
    """The file beside a MODEL where its directions are kept: in its run or checkpoint, or beside its own file."""
    file = generator_file(model)
    return file.with_name(DIRECTIONS if file.name in (GENERATOR, AVERAGED) else f"{file.stem}-{DIRECTIONS}")


@type_checked
def save_directions(path: str | Path, directions: Directions) -> None:
    """Write them atomically, folders made if need be; the inverse of `load_directions`."""
    make_folder(Path(path).parent)
    write_atomically(Path(path), lambda temporary: temporary.write_bytes(directions_bytes(directions)))


def directions_bytes(directions: Directions) -> bytes:
    """The file of directions, as `save_directions` writes it."""
    tensors = {"directions": directions.vectors.contiguous(), "scale": directions.scale.contiguous()}
    return save(tensors, {METADATA_KEY: json.dumps(directions.card.model_dump(mode="json"))})


@type_checked
def load_directions(path: str | Path) -> Directions:
    """Read directions back. Raises DataError naming the file when it holds none."""
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no file {path}.{nearest_beside(path)}")
    try:
        check_header(path)
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
            tensors = {name: file.get_tensor(name) for name in ("directions", "scale")} if text else {}
        card = DirectionsCard.model_validate(parse_json(text)) if text else None
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(
            f"{path} has a card that this gantool does not understand "
            f"({'.'.join(map(str, first['loc']))}: {first['msg'].lower()})."
        ) from error
    except (SafetensorError, ValueError, OSError) as error:
        raise DataError(f"{path} is no file of directions, or a damaged one ({error}).") from error
    if card is None:
        raise DataError(f"{path} holds no directions: gantool directions writes such files.")
    vectors, scale = tensors["directions"], tensors["scale"]
    if not (
        vectors.dim() >= 2
        and len(vectors)
        and scale.shape == vectors.shape[:1]
        and all(tensor.is_floating_point() and torch.isfinite(tensor).all() for tensor in (vectors, scale))
    ):
        raise DataError(f"{path} is damaged: its directions are no rows of numbers with a scale for each.")
    return Directions(vectors.float(), scale.float(), card)
