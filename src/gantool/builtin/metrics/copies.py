"""Samples that are copies of training pictures."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor

from gantool.api.metrics import Better, Metric, Pictures
from gantool.api.specs import Options
from gantool.builtin.metrics.reading import features_of, shown
from gantool.metrics.diversity import layouts
from gantool.metrics.judgement import Values, copied, error_of_mean
from gantool.metrics.neighbours import copy_threshold, nearest
from gantool.metrics.once import once

PAIRS = 16


class Memorisation(Metric):
    """The share of samples nearer to a picture of the data than 99 % of its pictures are to each other.

    That is by features, in which blurred samples and blank ones lie near to many pictures. So a copy has to look like
    the picture too: at 8 pixels, as closely as half of the data's pictures do like another.
    """

    against_all = True
    mirrors = True
    better: Mapping[str, Better] = MappingProxyType({"copies": "lower"})

    def __init__(self, options: Options | None = None) -> None:
        """Without options."""

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """The share; mirror images of the data count, where there are features of them.

        Raises ValueError for fewer than 2 reals.
        """
        of_reals = features_of(reals)
        threshold = copy_threshold(of_reals, reals.mirrored)
        found = nearest(of_reals, features_of(samples), reals.mirrored)
        copies = (found.distances <= threshold) & look_alike(reals, samples, found.indices)
        return {"copies": float(copies.double().mean()), "copies_error": error_of_mean(copies)}

    def read(self, values: Values, reference: Values) -> str:
        """Whether the samples are copies."""
        here, usual = values["copies"], reference["copies"]
        verdict = {
            "none": "samples are no closer to training pictures than other pictures of the data are",
            "some": "some samples are unusually close to training pictures",
            "most": "most samples are copies of training pictures, or nearly",
        }[copied(here, usual)]
        return f"copies {shown('copies', values)} beside {shown('copies', reference)}: {verdict}."

    def pairs(self, reals: Pictures, samples: Pictures) -> Sequence[tuple[int, int, float]]:
        """The closest sample of each real, where one is nearest to it; the 16 closest of these at the most."""
        found = nearest(features_of(reals), features_of(samples), reals.mirrored)
        closest: dict[int, tuple[int, int, float]] = {}
        for sample in found.distances.argsort(stable=True).tolist():
            real = int(found.indices[sample])
            closest.setdefault(real, (sample, real, float(found.distances[sample])))
            if len(closest) == PAIRS:
                break
        return [*closest.values()]


def look_alike(reals: Pictures, samples: Pictures, indices: Int64[Tensor, "m"]) -> Bool[Tensor, "m"]:
    """Which samples look like the real of this index, or its mirror image, as half of the reals do like another one."""
    sets, usual = _layouts(reals.images, reals.mirrored is not None)
    drawn = layouts(samples.images).double()
    apart = torch.stack([(drawn - each[indices]).norm(dim=1) for each in sets])
    alike: Tensor = apart.amin(dim=0) <= usual
    return alike


@once
def _layouts(images: UInt8[Tensor, "n c h w"], mirrors: bool) -> tuple[list[Float[Tensor, "n d"]], float]:
    """The layouts of the pictures, of their mirror images as well, and the usual distance to another one."""
    sets = [layouts(each).double() for each in ((images, images.flip(-1)) if mirrors else (images,))]
    return sets, copy_threshold(sets[0], sets[1] if mirrors else None, quantile=0.5)
