"""The layers of a generator that take its latents, found by calling it: no architecture is asked for its names."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gantool.api.networks import Labels, MappedGenerator
from gantool.errors import UsageError

ALIKE = 1 - 1e-4
"""The cosine from which on two vectors are one; a normalised latent is the latent."""


class _ReachedError(Exception):
    """The layer's output is there; the rest of the network is not needed."""


@dataclass(frozen=True)
class Reading:
    """A layer, one row of what it takes, and where the latent begins in it, which has so many numbers."""

    layer: nn.Module
    row: Tensor
    start: int
    size: int

    def weights(self) -> Float[Tensor, "outputs d"]:
        """What the layer makes of a latent, if it is linear: its responses to the unit vectors."""
        probes = torch.zeros(self.size + 1, self.row.numel(), dtype=self.row.dtype, device=self.row.device)
        probes[torch.arange(self.size), self.start + torch.arange(self.size)] = 1.0
        responses: Tensor = self.layer(probes.view(-1, *self.row.shape))
        return (responses[:-1] - responses[-1]).flatten(1).T


def first_layer(generator: nn.Module, z: Float[Tensor, "n d"], labels: Labels) -> nn.Module:
    """The first layer with weights whose output differs between latents of one class. Raises UsageError if none is."""
    found: list[nn.Module] = []

    def remember(layer: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        if not found and isinstance(output, Tensor) and len(output) == len(z) and (output != output[:1]).any():
            found.append(layer)

    with _hooked(generator, remember):
        generator(z, labels)
    if not found:
        raise UsageError("No layer of this generator takes its latents: it has no directions.")
    return found[0]


def output_of(
    layer: nn.Module, generator: nn.Module, z: Float[Tensor, "n d"], labels: Labels
) -> Float[Tensor, "n outputs"]:
    """The output of a layer, each row flat; the network is run no further."""
    outputs: list[Tensor] = []

    def keep(_: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        outputs.append(output.flatten(1))
        raise _ReachedError

    hook = layer.register_forward_hook(keep)
    try:
        generator(z, labels)
    except _ReachedError:
        pass
    finally:
        hook.remove()
    return outputs[0]


def reading_layers(generator: nn.Module, latents: Float[Tensor, "n *d"], labels: Labels) -> list[Reading]:
    """The layers that take latents as they are, or normalised: in w all of them, in z the first.

    Their inputs may have more beside the latent, such as a label.
    """
    found: list[Reading] = []
    vectors = latents.reshape(len(latents), -1, latents.shape[-1]).unbind(1)

    def remember(layer: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        taken = inputs[0] if len(inputs) == 1 else None
        if isinstance(taken, Tensor) and taken.dim() >= 2 and len(taken) == len(latents):
            rows, size = taken.flatten(1), latents.shape[-1]
            starts = {0, rows.shape[1] - size} if rows.shape[1] >= size else set()
            for start in sorted(starts):
                if any(_alike(rows[:, start : start + size], one) for one in vectors):
                    found.append(Reading(layer, taken[0].detach(), start, size))
                    return

    with _hooked(generator, remember):
        if isinstance(generator, MappedGenerator):
            generator.synthesize(latents)
            return found
        generator(latents, labels)
    return found[:1]


def _alike(rows: Tensor, latents: Tensor) -> bool:
    return bool((torch.cosine_similarity(rows.double(), latents.double(), dim=1) > ALIKE).all())


@contextmanager
def _hooked(generator: nn.Module, hook: Callable[[nn.Module, tuple[Any, ...], object], None]) -> Iterator[None]:
    """Call `hook` behind every layer with weights of its own."""
    hooks = [layer.register_forward_hook(hook) for layer in generator.modules() if _has_weights(layer)]
    try:
        yield
    finally:
        for each in hooks:
            each.remove()


def _has_weights(module: nn.Module) -> bool:
    """True for a layer that multiplies by weights, by whatever parametrisation (spectral normalisation, say)."""
    if any(name != "parametrizations" for name, _ in module.named_children()):
        return False
    weight = getattr(module, "weight", None)
    own = [*module.parameters(recurse=False), *([weight] if isinstance(weight, Tensor) else [])]
    return any(each.dim() >= 2 for each in own)
