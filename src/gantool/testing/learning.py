"""Gradients: whether every parameter can learn."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gantool.api.networks import Gan, Images, Labels, Seen
from gantool.engine.judging import parted, per_image
from gantool.engine.stages import stage_at
from gantool.testing.growing import clocks
from gantool.testing.networks import Case, awaken, latents, networks, seeded


def gradients_reach_every_parameter(case: Case) -> Iterator[str]:
    """Gradients reach every parameter at some time of a run.

    Parameters at zero are given values first: behind a layer that begins at zero nothing has a gradient yet.
    """
    gan = awaken(case.build())
    alive: set[str] = set()
    for clock in clocks(case, gan):
        gan.advance(clock)
        alive |= _reached(case, gan, stage_at(case.stages(gan), clock).resolution)
    for title, network in networks(gan):
        learning = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
        dead = [name for name in learning if f"{title}.{name}" not in alive]
        if dead:
            named = ", ".join(dead[:5]) + (f" and {len(dead) - 5} more" if len(dead) > 5 else "")
            yield (
                f"no gradient reaches {named} of the {title}, which can never learn. Use it in forward, detach "
                "nothing on its way to the logits, or leave it out; a constant is a buffer."
            )


def _values(gan: Gan, real: Images, labels: Labels) -> Iterator[Tensor]:
    """Logits, weighed for each sample, and terms."""
    z = latents(gan)
    fake = gan.generator(z, labels)
    if gan.discriminator is None:
        yield from gan.terms("generator", Seen(z, labels, fake, real)).values()
        return
    of_fake, of_real = (parted(gan.discriminator(images, labels)) for images in (fake, real))
    weights = torch.linspace(1, 2, len(z))  # all alike, and what normalises a batch would cancel them
    yield from (per_image(logits) * weights for logits, _ in (of_fake, of_real))
    for side in ("discriminator", "generator"):
        yield from gan.terms(side, Seen(z, labels, fake, real, of_fake[1], of_real[1])).values()


def _reached(case: Case, gan: Gan, side: int) -> set[str]:
    """Names of the parameters that logits of fakes and of reals depend on, or terms of the architecture's own."""
    labels = case.labels()
    for _, network in networks(gan):
        network.zero_grad()
    with seeded(0):
        torch.autograd.backward([value.sum() for value in _values(gan, gan.view(case.reals(side)), labels)])
    return {
        f"{title}.{name}"
        for title, network in networks(gan)
        for name, parameter in network.named_parameters()
        if parameter.grad is not None and bool(parameter.grad.any())
    }
