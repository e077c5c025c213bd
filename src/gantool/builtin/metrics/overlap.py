"""How far samples and the data overlap, by the nearest neighbours of their features."""

from collections.abc import Mapping
from types import MappingProxyType

from gantool.api.metrics import Better, Metric, Pictures
from gantool.builtin.metrics import NeighbourOptions
from gantool.builtin.metrics.reading import as_many, features_of, of
from gantool.metrics.judgement import Values
from gantool.metrics.neighbours import manifolds_and_errors


class Overlap(Metric):
    """Balls around pictures that reach to their k-th neighbour: their union is the range of a set."""

    needs_overlap = True

    def __init__(self, options: NeighbourOptions | None = None) -> None:
        self._k = (options or NeighbourOptions()).k

    def _values(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """Those that `better` names, with their errors. Raises ValueError for a set of fewer than 2."""
        found, errors = manifolds_and_errors(features_of(reals), features_of(samples), self._k)
        values = {name: getattr(found, name) for name in self.better}
        return values | {f"{name}_error": getattr(errors, name) for name in self.better}


class PrecisionRecall(Overlap):
    """The share of samples within the data's manifold, and of the data within that of the samples."""

    better: Mapping[str, Better] = MappingProxyType({"precision": "higher", "recall": "higher"})

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """Both shares. Raises ValueError for a set of fewer than 2."""
        return self._values(reals, samples)

    def read(self, values: Values, reference: Values) -> str:
        """How many samples are in the data's range, and the reverse."""
        within, reached = (as_many(name, values, reference) for name in ("precision", "recall"))
        return (
            f"{of('precision', values, reference)}: {within} samples lie within the data's range; "
            f"{of('recall', values, reference)}: {reached} of the data's pictures lie within that of the samples."
        )


class DensityCoverage(Overlap):
    """How closely samples lie by the data, and the share of the data that has a sample beside it."""

    better: Mapping[str, Better] = MappingProxyType({"density": "near", "coverage": "higher"})

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """Both. Raises ValueError for a set of fewer than 2."""
        return self._values(reals, samples)

    def read(self, values: Values, reference: Values) -> str:
        """How much of the data has a sample near it, and whether they crowd where the data is dense."""
        density, usual = values["density"], reference["density"]
        looks = "samples lie as near to the data as other pictures of it"
        if density > 1.2 * usual:
            looks = "samples crowd where the data is densest, as soft ones do"
        elif density < 0.7 * usual:
            looks = "samples lie farther from the data than other pictures of it"
        near = as_many("coverage", values, reference)
        return (
            f"{of('coverage', values, reference)}: {near} of the data's pictures have a sample near them; "
            f"{of('density', values, reference)}: {looks}."
        )
