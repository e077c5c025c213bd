"""An estimate of the memory of a training step, made before the first one runs out of it."""

import copy
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from gantool.api.networks import Gan, Labels, Stage
from gantool.api.strategies import Penalty
from gantool.engine.judging import PerImage

FEW, MORE = 2, 4
"""Samples whose activations are measured: the second number tells what does not grow with them, as scaled weights."""
Made = TypeVar("Made")


def trainable(network: nn.Module) -> int:
    """The number of trainable parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def memory_estimate(
    gan: Gan, stage: Stage, classes: int, penalties: Sequence[Penalty] = (), at_once: bool = False
) -> int:
    """Bytes of a training step in a stage: weights, gradients, Adam's moments, EMA, and what autograd keeps of a batch.

    The activations are those of a few samples, twice: fakes and reals before the discriminator, with its penalties, or
    generator and discriminator in a row; all of these where both networks learn `at_once`, by simultaneous updates.
    Temporary buffers of the kernels come on top.
    """
    weights = [weight for network in gan.networks for weight in network.parameters()]
    resting = sum(weight.nbytes for weight in weights)
    learning = sum(weight.nbytes for weight in weights if weight.requires_grad)
    averaged = sum(weight.nbytes for weight in gan.generator.parameters())
    try:
        # The state of a penalty must not change by this.
        kept = _kept_of_batch(_weightless(gan), stage, classes, _on_meta(penalties), at_once)
    except Exception:  # networks may do what needs numbers
        kept = _kept_of_batch(gan, stage, classes, copy.deepcopy(penalties), at_once)
    return resting + 3 * learning + averaged + kept


def _weightless(gan: Gan) -> Gan:
    """A copy on the meta device, where tensors have shapes and no content: making and measuring it takes no memory."""
    tensors = [tensor for network in gan.networks for tensor in (*network.parameters(), *network.buffers())]
    copied = copy.deepcopy(gan, {id(tensor): _like(tensor, tensor.to("meta")) for tensor in tensors})
    for network in copied.networks:
        network.to("meta")  # what is neither a parameter nor a buffer, if it follows
    return copied


def sharing(gan: Gan) -> Gan:
    """A copy with the same weights in memory, for forward passes in which none of them changes."""
    weights = [weight for network in gan.networks for weight in network.parameters()]
    return copy.deepcopy(gan, {id(weight): _like(weight, weight.detach()) for weight in weights})


def _like(tensor: Tensor, content: Tensor) -> Tensor:
    return nn.Parameter(content, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else content


def _on_meta(penalties: Sequence[Penalty]) -> Sequence[Penalty]:
    copied = copy.deepcopy(penalties)
    for penalty in copied:
        if isinstance(penalty, nn.Module):
            penalty.to("meta")
    return copied


def _kept_of_batch(gan: Gan, stage: Stage, classes: int, penalties: Sequence[Penalty], at_once: bool) -> int:
    """What autograd keeps of a batch, by the line through two numbers of samples."""
    gan.advance(stage.start)
    few, more = (_kept(gan, n, classes, penalties, at_once) for n in (FEW, MORE))
    return few + (more - few) * max(0, stage.batch - FEW) // (MORE - FEW)


def _kept(gan: Gan, n: int, classes: int, penalties: Sequence[Penalty], at_once: bool) -> int:
    device = next(gan.generator.parameters()).device
    z = torch.randn(n, gan.latent_dim, device=device)
    labels: Labels = torch.zeros(n, dtype=torch.int64, device=device) if classes else None
    kept_g, images = kept_for_backward(lambda: gan.generator(z, labels))
    of_generator = [penalty for penalty in penalties if penalty.side == "generator"]
    kept_q, _ = kept_for_backward(lambda: [penalty(gan.generator, z, labels) for penalty in of_generator])
    if gan.discriminator is None:
        return kept_g + kept_q
    images, judge = tuple(image.detach() for image in images), PerImage(gan.discriminator)
    of_discriminator = [penalty for penalty in penalties if penalty.side == "discriminator"]
    kept_d, _ = kept_for_backward(lambda: judge(images, labels))
    kept_p, _ = kept_for_backward(lambda: [penalty(judge, images, images, labels) for penalty in of_discriminator])
    if at_once:
        return kept_g + 2 * kept_d + kept_p + kept_q
    return max(2 * kept_d + kept_p, kept_g + kept_d + kept_q)


def kept_for_backward(forward: Callable[[], Made]) -> tuple[int, Made]:
    """Bytes that autograd keeps of a forward pass, without parameters, and what it returned."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, nn.Parameter):
            storage = tensor.untyped_storage()
            kept[storage._cdata] = storage.nbytes()  # its address would be 0 on the meta device
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        result = forward()
    return sum(kept.values()), result
