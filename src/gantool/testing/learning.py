"""Gradients: whether every parameter can learn."""

from collections.abc import Iterator

import torch

from gantool.api.contracts import Gan
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


def _reached(case: Case, gan: Gan, side: int) -> set[str]:
    """Names of the parameters that logits of fakes and of reals depend on."""
    labels = case.labels()
    for _, network in networks(gan):
        network.zero_grad()
    with seeded(0):
        logits = [gan.discriminator(images, labels) for images in (gan.generator(latents(gan), labels),)]
        logits.append(gan.discriminator(gan.view(case.reals(side)), labels))
    weights = torch.linspace(1, 2, len(logits[0]))  # all alike, and what normalises a batch would cancel them
    torch.autograd.backward([(each * weights).sum() for each in logits])
    return {
        f"{title}.{name}"
        for title, network in networks(gan)
        for name, parameter in network.named_parameters()
        if parameter.grad is not None and bool(parameter.grad.any())
    }
