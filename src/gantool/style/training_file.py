"""The state of a training that was interrupted, beside the style network so far, for an exact resume."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from gantool.engine.model_file import load_network, save_generator
from gantool.errors import ResumeError
from gantool.style.network_file import StyleCard

OF_THE_MOMENT = {"images_seen", "seconds", "format", "digest"}
"""The fields of a card that change while a training goes on."""
PHOTOS = "photos"


class TrainingCard(StyleCard):
    """The card of a training: what made its network, and all else on which its course depends."""

    kind: ClassVar[str] = "training of a style network"

    batch: Annotated[int, Field(ge=1)]
    images: int | None
    minutes: float | None
    photos: str
    """The fingerprint of the photos to learn from."""
    precision: str
    seconds: Annotated[float, Field(ge=0)]
    """The time that it has taken so far."""


def training_file(network: Path) -> Path:
    """The place of the state beside the file of a network."""
    return network.with_suffix(f".training{network.suffix}")


def save_training(path: Path, tensors: Mapping[str, Tensor], card: TrainingCard) -> None:
    """Write the state atomically; the inverse of `load_training`."""
    save_generator(path, tensors, card)


def load_training(path: Path, now: TrainingCard) -> tuple[dict[str, Tensor], TrainingCard]:
    """The state of a file, and its card.

    Raises CheckpointError where the file has none, and ResumeError, with what differs, unless its settings are those of
    the card `now`.
    """
    tensors, card = load_network(path, TrainingCard)
    before, wanted = card.model_dump(exclude=OF_THE_MOMENT), now.model_dump(exclude=OF_THE_MOMENT)
    differing = [name for name, value in before.items() if wanted[name] != value]
    if differing == [PHOTOS]:
        raise ResumeError(f"The training of {path} has seen other photos. Give those, or leave out --resume.")
    if differing := [name for name in differing if name != PHOTOS]:
        told = ", ".join(f"{name} {before[name]}, not {wanted[name]}" for name in differing)
        raise ResumeError(f"The training of {path} has other settings: {told}. Repeat them, or leave out --resume.")
    return tensors, card
