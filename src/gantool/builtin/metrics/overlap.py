"""How far samples and the data overlap, by the nearest neighbours of their features."""

from collections.abc import Mapping
from types import MappingProxyType

from gantool.api.metrics import Better, Metric, Pictures
from gantool.builtin.metrics import NeighbourOptions
from gantool.builtin.metrics.featured import features_of
from gantool.metrics.neighbours import manifolds


class PrecisionRecall(Metric):
    """The share of samples within the data's manifold, and of the data within that of the samples."""

    better: Mapping[str, Better] = MappingProxyType({"precision": "higher", "recall": "higher"})

    def __init__(self, options: NeighbourOptions | None = None) -> None:
        self._k = (options or NeighbourOptions()).k

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """Both shares. Raises ValueError for a set of fewer than 2."""
        found = manifolds(features_of(reals), features_of(samples), self._k)
        return {"precision": found.precision, "recall": found.recall}

    def read(self, values: Mapping[str, float], reference: Mapping[str, float]) -> str:
        """How many samples look like the data, and how much of its variety they have."""
        precision, recall = (values[name] / max(reference[name], 1e-9) for name in ("precision", "recall"))
        looks = "most samples look like the data" if precision > 0.8 else (
            "many samples do not look like the data" if precision > 0.5 else "most samples do not look like the data"
        )  # fmt: skip
        return f"precision {_of('precision', values, reference)}: {looks}; {_recall(values, reference, recall)}."


def _recall(values: Mapping[str, float], reference: Mapping[str, float], share: float) -> str:
    return f"recall {_of('recall', values, reference)}: {variety(share)}"


def variety(share: float) -> str:
    """The words for the part of the data's variety that samples have, as a share of what other reals have."""
    if share < 0.5:
        return "most of the data's variety is missing"
    if share < 0.8:
        return "much of the data's variety is missing"
    return "part of the data's variety is missing" if share < 0.95 else "the data's variety is there"


def _of(name: str, values: Mapping[str, float], reference: Mapping[str, float]) -> str:
    return f"{values[name]:.2f} of {reference[name]:.2f}"
