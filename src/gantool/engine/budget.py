"""What a training step will take in memory, before the first one runs out of it."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from gantool.contracts import Gan

SAMPLES = 2
Made = TypeVar("Made")


def trainable(network: nn.Module) -> int:
    """How many numbers the optimizer moves."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def memory_estimate(gan: Gan, batch: int, classes: int) -> int:
    """Bytes of a training step: weights, gradients, Adam's moments, EMA, and what autograd keeps for `batch` samples.

    The activations are those of a forward pass of two samples, measured; temporary buffers of the kernels come on top.
    """
    weights = sum(p.numel() * p.element_size() for net in (gan.generator, gan.discriminator) for p in net.parameters())
    averaged = sum(p.numel() * p.element_size() for p in gan.generator.parameters())
    device = next(gan.generator.parameters()).device
    z = torch.randn(SAMPLES, gan.latent_dim, device=device)
    labels = torch.zeros(SAMPLES, dtype=torch.int64, device=device) if classes else None
    kept_g, images = kept_for_backward(lambda: gan.generator(z, labels))
    kept_d, _ = kept_for_backward(lambda: gan.discriminator(tuple(image.detach() for image in images), labels))
    activations = max(2 * kept_d, kept_g + kept_d) * batch // SAMPLES
    return 4 * weights + averaged + activations


def kept_for_backward(forward: Callable[[], Made]) -> tuple[int, Made]:
    """Bytes that autograd keeps of a forward pass, without parameters, and what it returned."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter):
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = forward()
    return sum(kept.values()), result
