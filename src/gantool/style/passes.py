"""Pictures drawn by a style network: one pass for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gantool.api.style_networks import StyleNetwork
from gantool.data.pictures.whole import Picture
from gantool.engine.devices import free_memory, is_out_of_memory
from gantool.errors import StyleError
from gantool.style.color import with_chroma_of
from gantool.style.job import StyleFile, StyleSetup, as_image, stylize
from gantool.style.network import redrawn
from gantool.style.transfer import State


@dataclass(frozen=True)
class NetworkSetup:
    """A style network on its device; `strength` blends its picture with the photo, of which 0 leaves all.

    With `keeps_color` only lightness is changed. `styles` are the style images that it was given.
    """

    network: StyleNetwork
    device: torch.device
    strength: float = 1.0
    keeps_color: bool = False
    styles: Sequence[StyleFile] = ()


Setup = StyleSetup | NetworkSetup


def states(content: Picture, setup: Setup, start: Float[Tensor, "1 3 _ _"] | None = None) -> Iterator[State]:
    """The states of a transfer, or the only one of a pass. Raises as `stylize` and `drawn` do."""
    if isinstance(setup, StyleSetup):
        yield from stylize(content, setup, start)
    else:
        yield State(drawn(as_image(content, setup.device), setup), 1, 1, 1.0, None)


@torch.no_grad()
def drawn(photo: Float[Tensor, "1 3 h w"], setup: NetworkSetup) -> Float[Tensor, "1 3 h w"]:
    """The photo in the style of the network. Raises StyleError where memory is too small for a pass."""
    height, width = photo.shape[-2:]
    needed, free = setup.network.bytes_per_pixel * height * width, free_memory(setup.device)
    if free is not None and needed > free:
        raise StyleError(
            f"A pass at {width} x {height} pixels takes about {needed / 2**30:.1f} GB of memory, and "
            f"{free / 2**30:.1f} GB are free: give a smaller --size."
        )
    try:
        picture = redrawn(setup.network, photo)
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise StyleError(f"Out of memory on {setup.device}: give a smaller --size.") from error
        raise
    if setup.keeps_color:
        picture = with_chroma_of(photo, picture)
    return photo.lerp(picture, setup.strength)
