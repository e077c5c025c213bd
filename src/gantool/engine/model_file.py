"""The model file to share: averaged weights as safetensors, with one JSON key from which the network is rebuilt.

Nothing is ever unpickled: files of other types are refused by name.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from gantool.api.run_config import COLORS, MOST_RESOLUTION
from gantool.arguments import type_checked
from gantool.engine.bounds import MOST_TENSORS
from gantool.errors import CheckpointError, counted, nearest_beside, printable
from gantool.files import write_atomically
from gantool.reading import check_header, parse_json

METADATA_KEY = "gantool"
FORMAT = 1
KIND = "kind"
"""The key of a card that says what the network is; a generator's card lacks it."""
MADE_BY = {
    "generator": " 'gantool train' writes generators; 'gantool stylize' draws with style networks.",
    "style network": " 'gantool style train' writes style networks; 'gantool sample' draws with generators.",
}
MOST_CHANNELS = 64


class Origin(BaseModel):
    """The model that a run began with: its path as given, the SHA-256 of its file, and the images that it had seen.

    `taken` says of each network what it took of the model, and what was new, and `learnt_by` names the extractor by
    whose features the model had learnt, if by any; both are empty in files of earlier versions.
    """

    model_config = ConfigDict(frozen=True)

    model: Annotated[str, AfterValidator(printable)]
    sha256: Annotated[str, AfterValidator(printable)]
    images_seen: Annotated[int, Field(ge=0, lt=2**63)]
    taken: tuple[Annotated[str, AfterValidator(printable)], ...] = ()
    learnt_by: Annotated[str, AfterValidator(printable)] = ""


class Card(BaseModel):
    """The description of a network in the header of its file; `kind` says what networks of the card are."""

    model_config = ConfigDict(frozen=True)
    kind: ClassVar[str]

    format: int = FORMAT
    digest: str = ""
    """SHA-256 of weights and card as they are in the file; empty in files of earlier versions."""


AnyCard = TypeVar("AnyCard", bound=Card)


class ModelCard(Card):
    """The card of a generator."""

    kind: ClassVar[str] = "generator"

    architecture: str
    """The architecture in the component grammar, with every option: `dcgan:latent=100,...`."""
    resolution: Annotated[int, Field(ge=1, le=MOST_RESOLUTION)]
    channels: Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
    class_names: tuple[str, ...] = ()
    images_seen: Annotated[int, Field(ge=0, lt=2**63)]
    provider: Annotated[str, AfterValidator(printable)] = "gantool"
    """The distribution that provides the architecture."""
    began_with: Origin | None = None

    @property
    def name(self) -> str:
        """The architecture without its options."""
        return self.architecture.partition(":")[0]

    def __str__(self) -> str:
        """One line about the generator: `dcgan, 64 x 64, colour, 10 classes, 50,000 images seen`.

        Of the weights of others nobody knows how many images they have seen, which the card has as 0.
        """
        color = COLORS.get(self.channels, f"{self.channels} channels")
        classes = [counted(len(self.class_names), "class", "classes")] if self.class_names else []
        size = f"{self.resolution} x {self.resolution}"
        seen = [f"{self.images_seen:,} images seen"] if self.images_seen else []
        return ", ".join([self.name, size, color, *classes, *seen])


@type_checked
def save_generator(path: Path, weights: Mapping[str, Tensor], card: Card) -> None:
    """Write weights and card atomically; the inverse of `load_generator` and `load_network`."""
    write_atomically(path, lambda temporary: temporary.write_bytes(weights_file(weights, card)))


def weights_file(weights: Mapping[str, Tensor], card: Card | None = None) -> bytes:
    """The safetensors file as bytes: if Python writes them, a full disk raises OSError and not the library's error."""
    # A contiguous copy of each: safetensors accepts neither channels_last nor tensors that share memory.
    plain = {n: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for n, tensor in weights.items()}
    return save(plain) if card is None else save(plain, {METADATA_KEY: json.dumps(_written(signed(plain, card)))})


def signed(weights: Mapping[str, Tensor], card: AnyCard) -> AnyCard:
    """The card with the digest that it has in a file with these weights, which are contiguous."""
    return card.model_copy(update={"digest": _digest(weights, _written(card))})


def _written(card: Card) -> dict[str, Any]:
    return card.model_dump(mode="json") | ({} if card.kind == ModelCard.kind else {KIND: card.kind})


def load_generator(path: Path) -> tuple[dict[str, Tensor], ModelCard]:
    """Weights and card of a generator file. Raises as `load_network` does."""
    return load_network(path, ModelCard)


def load_network(path: Path, kind: type[AnyCard]) -> tuple[dict[str, Tensor], AnyCard]:
    """Weights and card of a file with a network of this kind.

    Raises CheckpointError that names the file if it is none, is damaged, or has weights that are not finite.
    """
    described = _described(path, kind)
    card = _card(path, described, kind)
    try:
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged: {error}.") from error
    if card.digest and card.digest != _digest(weights, described):
        raise CheckpointError(
            f"{path} is damaged: its weights or its card have changed since it was written (SHA-256 differs). "
            "Copy or download it again, or use another checkpoint of its run."
        )
    endless = [name for name, tensor in weights.items() if not torch.isfinite(tensor).all()]
    if endless:
        more = f" and {len(endless) - 1} more" if len(endless) > 1 else ""
        raise CheckpointError(
            f"{path} cannot be used: its weights {endless[0]!r}{more} are not finite, as after a run that diverged. "
            "Use an earlier checkpoint."
        )
    return weights, card


def read_card(path: Path) -> ModelCard:
    """The card of a generator file, without reading the weights. Raises as `load_network` does."""
    return read_card_of(path, ModelCard)


def read_card_of(path: Path, kind: type[AnyCard]) -> AnyCard:
    """The card alone of a file with a network of this kind. Raises as `load_network` does."""
    return _card(path, _described(path, kind), kind)


def tensors_in(path: Path) -> int:
    """The number of tensors in a file that was read before."""
    with safe_open(path, framework="pt") as file:
        return len(file.keys())


def _described(path: Path, kind: type[Card]) -> dict[str, Any]:
    """The JSON object in the header of a file with a network of this kind."""
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist or is not a file.{nearest_beside(path)}")
    try:
        check_header(path)
        with safe_open(path, framework="pt") as file:
            metadata, tensors = file.metadata() or {}, len(file.keys())
    except (SafetensorError, ValueError, OSError) as error:
        raise CheckpointError(
            f"{path} is no safetensors file, or a truncated one ({error}). gantool reads its own run folders, "
            "checkpoints and generator.safetensors; it never opens pickled weights."
        ) from error
    if METADATA_KEY not in metadata:
        raise CheckpointError(f"{path} was not written by gantool: it lacks the {METADATA_KEY!r} entry in its header.")
    if tensors > MOST_TENSORS:
        raise CheckpointError(f"{path} has {tensors:,} tensors; a model of gantool has {MOST_TENSORS:,} at the most.")
    try:
        described = parse_json(metadata[METADATA_KEY])
        if not isinstance(described, dict):
            raise ValueError("no JSON object")
    except ValueError as error:
        raise CheckpointError(f"{path} has a card that cannot be read: {error}.") from error
    found = str(described.get(KIND, ModelCard.kind))
    if found != kind.kind:
        raise CheckpointError(f"{path} is a {found:.40}, and a {kind.kind} is needed here.{MADE_BY.get(kind.kind, '')}")
    if described.get("format", FORMAT) != FORMAT:
        raise CheckpointError(
            f"{path} is of format {described['format']!r:.20}; this version of gantool reads format {FORMAT}. "
            "Upgrade gantool if a later version wrote it."
        )
    return described


def _card(path: Path, described: Mapping[str, Any], kind: type[AnyCard]) -> AnyCard:
    try:
        return kind.model_validate(described)
    except ValidationError as error:
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        raise CheckpointError(f"{path} has a card that this gantool does not understand ({what}).") from error


def _digest(weights: Mapping[str, Tensor], described: Mapping[str, Any]) -> str:
    """SHA-256 of a card, but for the digest itself, and of the names, types, shapes and contents of the weights."""
    card = {key: value for key, value in described.items() if key != "digest"}
    digest = hashlib.sha256(json.dumps(card, sort_keys=True).encode())
    for name, tensor in sorted(weights.items()):
        digest.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode(errors="backslashreplace"))
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
