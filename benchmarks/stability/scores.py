"""What a run is worth: modes, their balance, recognised samples, distance from reals, and whether it collapsed."""

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from mode_coverage import expected_kinds
from torch import Tensor

FEW_MODES = 0.1
"""Collapsed: fewer modes than this part of those that as many reals show."""
LITTLE_VARIETY = 0.3
"""Collapsed: samples vary by less than this part of how reals vary."""
HARDLY_RECOGNISED = 0.02
"""Collapsed: fewer samples than this are recognised, so that modes would be counted in noise."""
REDUCED = 16
"""Pixels on a side at which variety and SWD look at pictures."""
PROJECTIONS = 256


@dataclass(frozen=True)
class Reading:
    """The mode each picture is nearest to, -1 for none, and what part of it is recognised: like enough to be named."""

    modes: Int64[Tensor, "n"]
    recognised: Float[Tensor, "n"]


@dataclass(frozen=True)
class Score:
    """`expected`: modes that as many real pictures show on average; `variety`: 1 where samples vary as reals do.

    What is counted in modes is None where a data set has none.
    """

    samples: int
    variety: float
    swd: float
    found: int | None = None
    expected: float | None = None
    kl: float | None = None
    recognised: float | None = None

    @property
    def collapse(self) -> str:
        """Why the run counts as collapsed; empty when it does not."""
        if self.recognised is not None and self.recognised < HARDLY_RECOGNISED:
            return "hardly recognised"
        if self.found is not None and self.expected is not None and self.found < FEW_MODES * self.expected:
            return "few modes"
        return "little variety" if self.variety < LITTLE_VARIETY else ""


def score(
    samples: UInt8[Tensor, "n c h w"], reading: Reading | None, reals: UInt8[Tensor, "n c _ _"], modes: int
) -> Score:
    """The score of samples against as many reals, with `modes` equally likely modes in all."""
    seen = Score(len(samples), _spread(samples) / _spread(reals), sliced_wasserstein(samples, reals))
    if reading is None:
        return seen
    counts = torch.bincount(reading.modes[reading.modes >= 0], minlength=modes)
    return replace(
        seen,
        found=int((counts > 0).sum()),
        expected=expected_kinds(modes, len(samples)),
        kl=kl_to_uniform(counts),
        recognised=float(reading.recognised.mean()),
    )


def kl_to_uniform(counts: Int64[Tensor, "modes"]) -> float:
    """KL divergence, in nats, of the modes' shares from equal shares; infinite when nothing was counted.

    Of few samples it is above 0 even for reals, by about (modes - 1) / (2 samples): compare it with theirs.
    """
    total = int(counts.sum())
    if not total:
        return math.inf
    shares = counts[counts > 0].double() / total
    return float((shares * (shares * len(counts)).log()).sum())


def sliced_wasserstein(one: UInt8[Tensor, "n c h w"], other: UInt8[Tensor, "n c _ _"], seed: int = 0) -> float:
    """Mean distance of sorted projections on random directions, in grey levels of 256 per pixel.

    The one place where SWD is computed: of whole pictures, reduced to 16 pixels.
    """
    first, second = _reduced(one), _reduced(other)
    drawn = torch.Generator().manual_seed(seed)
    directions = F.normalize(torch.randn(first.shape[1], PROJECTIONS, generator=drawn), dim=0)
    return float(((first @ directions).sort(0).values - (second @ directions).sort(0).values).abs().mean())


def _spread(images: UInt8[Tensor, "n c h w"]) -> float:
    """Root mean square distance between two of the pictures, but for a factor that falls out of the ratio."""
    return float(_reduced(images).var(0).sum().sqrt())


def _reduced(images: UInt8[Tensor, "n c h w"]) -> Float[Tensor, "n d"]:
    return F.adaptive_avg_pool2d(images.float(), REDUCED).flatten(1)
