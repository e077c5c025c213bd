"""The model file to share: EMA generator weights as safetensors, with one JSON key from which it is rebuilt.

Nothing is ever unpickled: files of other types are refused by name.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from gantool.errors import CheckpointError
from gantool.files import write_atomically

METADATA_KEY = "gantool"


class ModelCard(BaseModel):
    """The description of a generator in the header of its file."""

    model_config = ConfigDict(frozen=True)

    format: int = 1
    architecture: str
    """The architecture in the component grammar, with every option: `dcgan:latent=100,...`."""
    resolution: int
    channels: int
    class_names: tuple[str, ...] = ()
    images_seen: int
    provider: str = "gantool"
    """The distribution that provides the architecture."""


def save_generator(path: Path, weights: Mapping[str, Tensor], card: ModelCard) -> None:
    """Write weights and card atomically; the inverse of `load_generator`."""
    write_atomically(path, lambda temporary: temporary.write_bytes(weights_file(weights, card)))


def weights_file(weights: Mapping[str, Tensor], card: ModelCard | None = None) -> bytes:
    """The safetensors file as bytes: if Python writes them, a full disk raises OSError and not the library's error."""
    # A contiguous copy of each: safetensors accepts neither channels_last nor tensors that share memory.
    plain = {n: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for n, tensor in weights.items()}
    return save(plain, {METADATA_KEY: card.model_dump_json()} if card else None)


def load_generator(path: Path) -> tuple[dict[str, Tensor], ModelCard]:
    """Weights and card of a generator file. Raises CheckpointError that names the file if it is not one."""
    card = read_card(path)
    try:
        return load_file(path), card
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged: {error}.") from error


def read_card(path: Path) -> ModelCard:
    """The card alone, without reading the weights."""
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist or is not a file.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise CheckpointError(
            f"{path} is no safetensors file, or a truncated one ({error}). gantool reads its own run folders, "
            "checkpoints and generator.safetensors; it never opens pickled weights."
        ) from error
    if METADATA_KEY not in metadata:
        raise CheckpointError(f"{path} was not written by gantool: it lacks the {METADATA_KEY!r} entry in its header.")
    try:
        return ModelCard.model_validate(json.loads(metadata[METADATA_KEY]))
    except (ValidationError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path} has a header that this version of gantool does not understand.") from error
