"""The style loss `your-name`: squared distance of the features' means and standard deviations."""

import gantool
from torch import Tensor

from gantool_your_name import YourNameOptions


class Moments(gantool.StyleLoss):
    """Batch statistics (Li et al. 2017), as a share of the style's own power."""

    def __init__(self, options: YourNameOptions) -> None:
        self.spread = options.spread

    def measure(self, features: Tensor, weights: gantool.PlaceWeights | None = None) -> gantool.Statistics:
        """Sums of the features and of their squares, which add up over tiles, and the number of places."""
        flat = features.transpose(0, 1).flatten(1)  # [channels, places]
        if weights is None:
            return flat.sum(dim=1), flat.square().sum(dim=1), flat.new_tensor(float(flat.shape[1]))
        share = weights.expand(len(features), 1, *features.shape[-2:]).flatten().to(flat.dtype)
        return (flat * share).sum(dim=1), (flat.square() * share).sum(dim=1), share.sum()

    def distance(self, measured: gantool.Statistics, target: gantool.Statistics) -> Tensor:
        """0 where means and deviations agree."""
        (mean, deviation), (wanted, wanted_deviation) = _moments(*measured), _moments(*target)
        off = (mean - wanted).square().sum() + self.spread * (deviation - wanted_deviation).square().sum()
        return off / (wanted.square() + wanted_deviation.square()).sum().clamp_min(1e-12)


def _moments(sums: Tensor, squares: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    mean = sums / places
    return mean, (squares / places - mean.square()).clamp_min(1e-12).sqrt()
