"""Mode coverage: the kinds of picture that a generator makes, counted without a network or an estimate."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8
from torch import Tensor

Recogniser = Callable[[UInt8[Tensor, "n c h w"]], Int64[Tensor, "n"]]
"""A function from pictures to the numbers of their kinds; -1 for a picture of no kind."""


@dataclass(frozen=True)
class Coverage:
    """The counts of `images` pictures.

    `expected`: the number of kinds that as many real pictures, drawn at random, show on average; a generator can hope
    for no more. `histograms`: for each factor, the number of recognised pictures that show each of its values.
    """

    images: int
    recognised: int
    found: int
    kinds: int
    expected: float
    histograms: Mapping[str, Mapping[str, int]]

    @property
    def fraction_recognised(self) -> float:
        """The share of pictures that were recognised; 0 if there are none."""
        return self.recognised / self.images if self.images else 0.0

    @property
    def fraction_of_expected(self) -> float:
        """Kinds found, divided by those that as many real pictures show; near 1 if no mode is missing."""
        return self.found / self.expected if self.expected else 0.0

    def present(self, factor: str) -> int:
        """The number of values of a factor that occur at all."""
        return sum(count > 0 for count in self.histograms[factor].values())

    def summary(self) -> str:
        """One sentence for people."""
        factors = ", ".join(
            f"{factor} {self.present(factor)}/{len(values)}" for factor, values in self.histograms.items()
        )
        return (
            f"{self.found:,} of {self.kinds:,} kinds in {self.images:,} pictures "
            f"({self.fraction_recognised:.1%} recognised; as many real ones show about {self.expected:,.0f}); "
            f"values present: {factors}."
        )


def count_kinds(
    images: UInt8[Tensor, "n c h w"], recognise: Recogniser, factors: Mapping[str, Sequence[str]]
) -> Coverage:
    """Count the kinds in pictures.

    A kind is one value of each of `factors`; kinds are numbered with the last factor counting fastest.
    """
    sizes = [len(values) for values in factors.values()]
    kinds, n = math.prod(sizes), len(images)
    numbers = recognise(images).numpy()
    numbers = numbers[numbers >= 0]
    histograms = {
        factor: dict(zip(values, np.bincount(places, minlength=len(values)).tolist(), strict=True))
        for (factor, values), places in zip(factors.items(), np.unravel_index(numbers, sizes), strict=True)
    }
    return Coverage(n, len(numbers), len(np.unique(numbers)), kinds, expected_kinds(kinds, n), histograms)


def expected_kinds(kinds: int, draws: int) -> float:
    """The expected number of different kinds among `draws` draws from equally likely `kinds`."""
    return kinds * (1 - (1 - 1 / kinds) ** draws)
