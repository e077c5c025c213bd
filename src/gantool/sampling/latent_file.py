"""Latents in a file, such as those of a projection, which `gantool sample --latents` draws.

A safetensors file with `latents` `[n, *d]`, in w where the model has such a space. Any other tensor in it replaces the
generator's buffer of that name while the latents are drawn, such as noise that was optimised along with them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gantool.arguments import type_checked
from gantool.engine.model_file import weights_file
from gantool.errors import DataError, OptionError, nearest_beside
from gantool.files import write_atomically
from gantool.reading import check_header
from gantool.render.pictures import make_folder

NAME = "latents"


@dataclass(frozen=True)
class LatentFile:
    """Latents, and the buffers of the generator that belong to them."""

    latents: Float[Tensor, "n *d"]
    buffers: Mapping[str, Tensor] = field(default_factory=dict)


@type_checked
def save_latents(path: str | Path, latents: Float[Tensor, "n *d"], buffers: Mapping[str, Tensor] | None = None) -> None:
    """Write latents atomically, folders made if need be; the inverse of `load_latents`.

    Raises OptionError for a buffer named `latents`, or a folder that cannot be made.
    """
    if NAME in (buffers or {}):
        raise OptionError(f"A buffer named {NAME!r} would overwrite the latents in {path}: give it another name.")
    content = weights_file({NAME: latents, **(buffers or {})})
    make_folder(Path(path).parent)
    write_atomically(Path(path), lambda temporary: temporary.write_bytes(content))


@type_checked
def load_latents(path: str | Path) -> LatentFile:
    """Read latents back. Raises DataError naming the file when it holds none."""
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no file {path}.{nearest_beside(path)}")
    try:
        check_header(path)
        tensors = load_file(path)
    except (SafetensorError, ValueError, OSError) as error:
        raise DataError(f"{path} is no safetensors file, or a damaged one ({error}).") from error
    latents = tensors.pop(NAME, None)
    if latents is None or latents.dim() < 2 or len(latents) == 0 or not latents.is_floating_point():
        raise DataError(f"{path} holds no latents: it needs a tensor {NAME!r} of numbers with one row for each latent.")
    return LatentFile(latents.float(), tensors)


@contextmanager
def replaced(network: nn.Module, buffers: Mapping[str, Tensor]) -> Iterator[None]:
    """Replace buffers of a network, by name, inside the block.

    Raises OptionError when it has no such buffer, or one of another shape.
    """
    own = dict(network.named_buffers())
    for name, tensor in buffers.items():
        if name not in own or own[name].shape != tensor.shape:
            raise OptionError(
                f"This generator has no buffer {name!r} of shape {list(tensor.shape)}: its replacement "
                "is of another model."
            )
    try:
        for name, tensor in buffers.items():
            _set(network, name, tensor.to(own[name].device, own[name].dtype))
        yield
    finally:
        for name in buffers:
            _set(network, name, own[name])


def _set(network: nn.Module, name: str, tensor: torch.Tensor) -> None:
    place, _, last = name.rpartition(".")
    setattr(network.get_submodule(place), last, tensor)
