"""How far samples and the data overlap, by the nearest neighbours of their features."""

from collections.abc import Mapping
from types import MappingProxyType

from gantool.api.metrics import Better, Metric, Pictures
from gantool.builtin.metrics import NeighbourOptions
from gantool.builtin.metrics.reading import Values, features_of, of, share, variety
from gantool.metrics.neighbours import Manifolds, manifolds


class Overlap(Metric):
    """Balls around pictures that reach to their k-th neighbour."""

    def __init__(self, options: NeighbourOptions | None = None) -> None:
        self._k = (options or NeighbourOptions()).k

    def _manifolds(self, reals: Pictures, samples: Pictures) -> Manifolds:
        return manifolds(features_of(reals), features_of(samples), self._k)


class PrecisionRecall(Overlap):
    """The share of samples within the data's manifold, and of the data within that of the samples."""

    better: Mapping[str, Better] = MappingProxyType({"precision": "higher", "recall": "higher"})

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """Both shares. Raises ValueError for a set of fewer than 2."""
        found = self._manifolds(reals, samples)
        return {"precision": found.precision, "recall": found.recall}

    def read(self, values: Values, reference: Values) -> str:
        """How many samples look like the data, and how much of its variety they have."""
        part = share("precision", values, reference)
        kept = share("recall", values, reference)
        looks = "most samples look like the data"
        if part < 0.9:
            looks = "many samples do not look like the data" if part > 0.5 else "few samples look like the data"
        elif kept < 0.1:
            looks = "samples lie where the data is densest, as blank and blurred pictures do"
        gone = variety(kept)
        return f"{of('precision', values, reference)}: {looks}; {of('recall', values, reference)}: {gone}."


class DensityCoverage(Overlap):
    """How closely samples lie by the data, and the share of the data that has a sample beside it."""

    better: Mapping[str, Better] = MappingProxyType({"density": "near", "coverage": "higher"})

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """Both. Raises ValueError for a set of fewer than 2."""
        found = self._manifolds(reals, samples)
        return {"density": found.density, "coverage": found.coverage}

    def read(self, values: Values, reference: Values) -> str:
        """How much of the data's variety the samples have, and whether they crowd where the data is dense."""
        gone = variety(share("coverage", values, reference))
        density, usual = values["density"], reference["density"]
        looks = "samples lie as closely by the data as other pictures of it"
        if density > 1.2 * usual:
            looks = "samples crowd where the data is densest"
        elif density < 0.7 * usual:
            looks = "many samples do not look like the data" if density > 0.4 * usual else "few samples look like it"
        return f"{of('coverage', values, reference)}: {gone}; {of('density', values, reference)}: {looks}."
