"""The file of a style network: weights as safetensors, with a card of what it has learned."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from gantool.engine.model_file import Card, load_network, save_generator
from gantool.errors import CheckpointError, printable
from gantool.style.network import BLOCKS, WIDTHS, TransformNet

SUFFIX = ".safetensors"

Text = Annotated[str, AfterValidator(printable)]


class StyleCard(Card):
    """The card of a style network: its shape, the style image it has learned, and how."""

    kind: ClassVar[str] = "style network"

    width: Annotated[int, Field(ge=WIDTHS[0], le=WIDTHS[1])]
    blocks: Annotated[int, Field(ge=BLOCKS[0], le=BLOCKS[1])]
    style: Text
    """The name of the style image's file."""
    style_sha256: Text
    """SHA-256 of the style image's file."""
    style_size: Annotated[int, Field(ge=1)]
    """The longer side in pixels at which its style was measured, at most."""
    extractor: Text
    """The name of the extractor."""
    style_loss: Text
    size: Annotated[int, Field(ge=1)]
    """The side of the photos in training."""
    content_weight: float
    style_weight: float
    tv_weight: float
    stability: float
    seed: int
    images_seen: Annotated[int, Field(ge=0, lt=2**63)]

    def __str__(self) -> str:
        """One line about the network."""
        return f"the style of {self.style}, by {self.extractor}, {self.images_seen:,} photos seen"


def save_style_network(path: Path, network: TransformNet, card: StyleCard) -> None:
    """Write network and card atomically; the inverse of `load_style_network`."""
    save_generator(path, network.state_dict(), card)


def load_style_network(path: Path) -> tuple[TransformNet, StyleCard]:
    """The network of a file, which may be anybody's, and its card.

    Raises CheckpointError that names the file if it has none, is damaged, or the weights do not fit the card.
    """
    weights, card = load_network(path, StyleCard)
    network = TransformNet(card.width, card.blocks)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(
            f"{path} cannot be used: its weights are not those of a style network of width {card.width} with "
            f"{card.blocks} blocks."
        ) from error
    return network.eval().requires_grad_(False), card
