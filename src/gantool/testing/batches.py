"""Samples of a batch: each is drawn and judged by itself, unless the discriminator declares that it compares them."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from gantool.api.networks import Gan, Images, Labels
from gantool.testing.networks import SAMPLES, Case, awaken, drawn, far_apart, judged, latents, same, set_mode

SAYS_SO = "compares_samples"
"""The attribute, true, of a module that compares the samples of a batch on purpose (minibatch standard deviation)."""


def logits_keep_the_order_of_their_samples(case: Case) -> Iterator[str]:
    """In evaluation mode, two samples exchanged are two logits exchanged."""
    gan = _evaluating(case)
    images, labels = _samples(case, gan, 2)
    logits = judged(gan, images, labels)
    exchanged = judged(gan, _taken(images, [1, 0]), _labels(labels, [1, 0]))
    if far_apart((logits,), (exchanged.flip(0),)):
        yield (
            "the discriminator's logits depend on the order of the batch: exchanging two samples does not exchange "
            "their logits. Look for a reshape that mixes samples with channels or pixels."
        )


def each_sample_is_judged_by_itself(case: Case) -> Iterator[str]:
    """In evaluation mode a logit depends on its own sample alone, unless a module declares that it compares samples."""
    gan = _evaluating(case)
    if any(getattr(module, SAYS_SO, False) for network in gan.networks[1:] for module in network.modules()):
        return
    images, labels = _samples(case, gan, SAMPLES)
    logits = judged(gan, images, labels)
    half = list(range(SAMPLES // 2))
    alone = judged(gan, _taken(images, half), _labels(labels, half))
    if far_apart((logits[: SAMPLES // 2],), (alone,)):
        yield (
            "the discriminator's logit of a sample depends on the other samples of the batch, in evaluation mode. If "
            f"it compares them on purpose, as minibatch standard deviation does, give that module the attribute "
            f"{SAYS_SO} = True; else look for a mean, a softmax or a reshape over the first dimension."
        )


def each_latent_is_drawn_by_itself(case: Case) -> Iterator[str]:
    """In evaluation mode a picture depends on its own latent alone."""
    gan = _evaluating(case)
    z, labels = latents(gan), case.labels()
    images = drawn(gan, z, labels)
    if not same(images, drawn(gan, z, labels, seed=7)):
        return  # a generator that draws noise gives a latent other noise in another batch
    half = list(range(SAMPLES // 2))
    if far_apart(_taken(images, half), drawn(gan, z[half], _labels(labels, half))):
        yield (
            "the generator's picture of a latent depends on the other latents of the batch, in evaluation mode: a "
            "seed would not give the same picture twice. Look for a mean or a reshape over the first dimension, or "
            "BatchNorm without running statistics."
        )


def _evaluating(case: Case) -> Gan:
    gan = awaken(case.build())
    set_mode(gan, training=False)
    return gan


def _samples(case: Case, gan: Gan, n: int) -> tuple[Images, Labels]:
    with torch.no_grad():
        return gan.view(case.reals(n=n)), case.labels(n)


def _taken(images: Sequence[Tensor], which: list[int]) -> tuple[Tensor, ...]:
    return tuple(level[which] for level in images)


def _labels(labels: Tensor | None, which: list[int]) -> Tensor | None:
    return None if labels is None else labels[which]
