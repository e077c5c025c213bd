"""The discriminator of a model file, in a file beside it, from which a new run begins: most models are shared without.

`faces.safetensors` has it in `faces-discriminator.safetensors`, which names the model that it belongs to.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator
from torch import Tensor

from gantool.arguments import type_checked
from gantool.engine.model_file import Card, load_network, read_card, save_generator
from gantool.engine.run_names import DISCRIMINATOR
from gantool.errors import CheckpointError, printable


class DiscriminatorCard(Card):
    """The card of a discriminator: the digest of the model file that it belongs to."""

    kind: ClassVar[str] = "discriminator"

    of: Annotated[str, AfterValidator(printable)]


def discriminator_file(model: Path) -> Path:
    """The file beside a model file, whether or not it is there."""
    return model.with_name(f"{model.stem}-{DISCRIMINATOR}")


@type_checked
def save_discriminator(model: Path, weights: Mapping[str, Tensor]) -> Path:
    """Write the discriminator of a model file beside it, atomically; `train --init` begins with both."""
    path = discriminator_file(model)
    save_generator(path, weights, DiscriminatorCard(of=read_card(model).digest))
    return path


def load_discriminator(model: Path) -> dict[str, Tensor] | None:
    """The inverse; None where no file is beside it. Raises CheckpointError if it is damaged or of another model."""
    path = discriminator_file(model)
    if not path.is_file():
        return None
    try:
        weights, card = load_network(path, DiscriminatorCard)
    except CheckpointError as error:
        raise CheckpointError(f"{error} By its name it would belong to {model}. {_without(model)}") from error
    if card.of != read_card(model).digest:
        raise CheckpointError(f"{path} belongs to another model than {model}. {_without(model)}")
    return weights


def _without(model: Path) -> str:
    """The remedy, also where the Hub's cache would fetch again what is removed."""
    return f"To begin without, copy {model.name} alone to another folder, and begin with that."
