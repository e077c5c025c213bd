"""Metrics of the pictures themselves, which need no network."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import torch
from jaxtyping import UInt8
from torch import Tensor

from gantool.api.metrics import Better, Metric, Pictures
from gantool.api.specs import Options
from gantool.builtin.metrics import SwdOptions
from gantool.builtin.metrics.reading import shown
from gantool.metrics.diversity import diversity_and_error
from gantool.metrics.judgement import DECIBELS, TOLERANCE, Values, detail, times, variation
from gantool.metrics.once import once
from gantool.metrics.spectrum import fine_detail, radial_power, spectrum_distance
from gantool.metrics.swd import Patches, distance, mean, patches_of

Uses = Literal["features", "images"]
MOST_VALUES = 2**27
"""The most numbers of pictures that are cut into patches; beyond, pictures are drawn at random."""


class SlicedWasserstein(Metric):
    """The distance of patches at each level of the Laplacian pyramid, and its mean over levels."""

    uses: Uses = "images"
    better: Mapping[str, Better] = MappingProxyType({"swd": "lower"})

    def __init__(self, options: SwdOptions | None = None) -> None:
        self._patches = (options or SwdOptions()).patches

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """The mean, and `swd_N` for the level of N pixels a side."""
        levels = distance(_patches(reals.images, self._patches), _patches(samples.images, self._patches))
        return {"swd": mean(levels), **{f"swd_{side}": value for side, value in levels.items()}}

    def title(self, name: str, extractor: str, n: int) -> str:
        """SWD with its level."""
        side = name.removeprefix("swd_")
        return "SWD" if side == name else f"SWD at {side} px"

    def read(self, values: Values, reference: Values) -> str:
        """Whether patches are like the data's, and where they differ most."""
        by = {name: times(values[name], reference[name]) for name in values if name in reference}
        words = f"SWD {shown('swd', values)} beside {shown('swd', reference)}"
        if by["swd"] < 1.5:
            return f"{words}: patches of the samples are like those of the data."
        levels = {name: value for name, value in by.items() if name != "swd"}
        worst = max(levels, key=lambda name: levels[name], default="swd")
        at = f", most of all at {worst.removeprefix('swd_')} pixels" if len(levels) > 1 else ""
        return f"{words}: patches differ {by['swd']:.3g} times as much as within the data{at}."


class Diversity(Metric):
    """How much samples differ from each other, as a share of how much the data's pictures do, at 8 pixels."""

    uses: Uses = "images"
    better: Mapping[str, Better] = MappingProxyType({"diversity": "near"})

    def __init__(self, options: Options | None = None) -> None:
        """Without options."""

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """The share and its standard error."""
        value, error = diversity_and_error(samples.images, reals.images)
        return {"diversity": value, "diversity_error": error}

    def read(self, values: Values, reference: Values) -> str:
        """Whether samples differ from each other as the data's pictures do; more than those is no merit."""
        here, usual = values["diversity"], reference["diversity"]
        verdict = {
            "more": "samples differ more than the data's pictures do, which is contrast or colour that is too strong",
            "alike": f"in layout and colour samples differ as the data's pictures do, within {TOLERANCE:.0%}",
            "less": "in layout and colour samples differ less than the data's pictures do",
        }[variation(here, usual)]
        return f"diversity {shown('diversity', values)} beside {shown('diversity', reference)}: {verdict}."


class Spectrum(Metric):
    """The power of detail at each size, beside the data's, in decibels."""

    uses: Uses = "images"
    better: Mapping[str, Better] = MappingProxyType({"spectrum": "lower", "fine_detail": "near"})

    def __init__(self, options: Options | None = None) -> None:
        """Without options."""

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """The mean difference over all sizes, and that of fine detail with its sign."""
        power = radial_power(reals.images), radial_power(samples.images)
        return {"spectrum": spectrum_distance(*power), "fine_detail": fine_detail(*power)}

    def title(self, name: str, extractor: str, n: int) -> str:
        """With the unit."""
        return f"{name.replace('_', ' ')} (dB)"

    def read(self, values: Values, reference: Values) -> str:
        """Whether samples are soft, or have noise or a grid."""
        off, usual = values["spectrum"], reference["spectrum"]
        fine = values["fine_detail"] - reference["fine_detail"]
        seen = detail(values["fine_detail"], reference["fine_detail"])
        much = f"fine detail is {abs(fine):.1f} dB {'weaker' if fine < 0 else 'stronger'} than in the data"
        if seen != "alike":
            verdict = f"{much}: {'samples are soft' if seen == 'less' else 'noise, or a grid'}"
        elif off <= usual + 0.5:
            verdict = "detail of all sizes is as strong as in the data"
        elif abs(fine) <= 0.5:
            verdict = "coarse detail is weaker or stronger than in the data, and fine detail is not"
        else:
            verdict = f"{much}, which is hardly seen below {DECIBELS:g} dB"
        return f"spectrum off by {shown('spectrum', values)} dB beside {shown('spectrum', reference)}: {verdict}."


@once
def _patches(images: UInt8[Tensor, "n c h w"], count: int) -> Patches:
    return patches_of(shuffled(images), count)


def shuffled(images: UInt8[Tensor, "n c h w"]) -> UInt8[Tensor, "_ c h w"]:
    """The pictures in an order that follows from what they show; a part of them where there are very many."""
    order = sorted(range(len(images)), key=lambda row: images[row].numpy().tobytes())
    chance = torch.Generator().manual_seed(0)
    kept = torch.randperm(len(images), generator=chance)[: max(1, MOST_VALUES // images[0].numel())]
    return images[torch.tensor(order)[kept]]
