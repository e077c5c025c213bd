"""Logits: numbers without bounds, which the loss turns into probabilities."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gantool.api.networks import Gan
from gantool.engine.judging import parted
from gantool.testing.networks import Case, awaken, seeded, set_mode

SCALES = (1.0, 3.0, 10.0, 30.0)
"""Factors on weights and pictures: unbounded logits leave [-1, 1] then, even with normalised weights."""
BUILDS = 2


def logits_have_no_bounds(case: Case) -> Iterator[str]:
    """Logits leave [0, 1] and [-1, 1] when weights and pictures are large."""
    if case.build().discriminator is None:
        return
    logits = torch.cat([_scaled(case, seed, scale) for seed in range(BUILDS) for scale in SCALES])
    least, most = float(logits.min()), float(logits.max())
    if least == most or least < -1 or most > 1:
        return
    end, bounds = ("a sigmoid", "[0, 1]") if least >= 0 else ("a tanh", "[-1, 1]")
    yield (
        f"the discriminator's logits stay in {bounds}, however large its pictures and weights are, as if it ended in "
        f"{end}. Remove that: logits have no bounds, and the loss turns them into probabilities."
    )


@torch.no_grad()
def _scaled(case: Case, seed: int, scale: float) -> Tensor:
    """All logits of one build; NaN is left out, infinity is beyond all bounds."""
    gan: Gan = awaken(case.build(seed))
    set_mode(gan, training=False)
    _, network = gan.networks
    for weight in network.parameters():
        weight.mul_(scale)
    images = tuple(level * scale for level in gan.view(case.reals()))
    with seeded(seed):
        logits, _ = parted(network(images, case.labels()))
    return logits.flatten()[~logits.flatten().isnan()]
