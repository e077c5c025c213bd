"""The metric `your-name`: whether samples are as bright, and as differently bright, as the data."""

from collections.abc import Mapping
from typing import Literal

import gantool
import torch
from torch import Tensor

from gantool_your_name import YourNameOptions


class Brightness(gantool.Metric):
    """The mean distance between the quantiles of brightness, in grey levels from 0 to 255."""

    uses: Literal["features", "images"] = "images"
    better: Mapping[str, gantool.Better] = {"brightness": "lower"}

    def __init__(self, options: YourNameOptions) -> None:
        self.at = torch.linspace(0, 1, options.quantiles + 2, dtype=torch.float64)[1:-1]

    def __call__(self, reals: gantool.Pictures, samples: gantool.Pictures) -> dict[str, float]:
        """One value; 0 where both have the same quantiles."""
        one, other = (torch.quantile(mean_levels(each.images), self.at) for each in (reals, samples))
        return {"brightness": float((one - other).abs().mean())}

    def read(self, values: Mapping[str, float], reference: Mapping[str, float]) -> str:
        """Whether the samples are as bright as the data."""
        off, usual = values["brightness"], reference["brightness"]
        verdict = "as bright as the data" if off < 2 * usual + 1 else "brighter or darker than the data"
        return f"brightness is off by {off:.1f} grey levels ({usual:.1f} in the data): samples are {verdict}."


def mean_levels(images: Tensor) -> Tensor:
    """The mean of each picture `[n]`, of uint8 pictures `[n, c, h, w]`."""
    return images.double().mean(dim=(1, 2, 3))
