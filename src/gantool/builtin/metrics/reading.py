"""Words that several metrics share, and the features that they need."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from gantool.api.metrics import Pictures

Values = Mapping[str, float]


def features_of(pictures: Pictures) -> Float[Tensor, "n d"]:
    """The features of the pictures. Raises ValueError where there are none."""
    if pictures.features is None:
        raise ValueError("This metric compares features, and these pictures have none: choose an extractor.")
    return pictures.features


def of(name: str, values: Values, reference: Values) -> str:
    """A share beside that of real pictures: "coverage 0.31 of 0.97"."""
    return f"{name} {values[name]:.2f} of {reference[name]:.2f}"


def share(name: str, values: Values, reference: Values) -> float:
    """A value as a share of the reference; 1 where both are 0."""
    return 1.0 if values[name] >= reference[name] else values[name] / reference[name]


def variety(part: float) -> str:
    """The verdict on variety, by the share of it that samples have."""
    if part < 0.5:
        return "most of the data's variety is missing"
    if part < 0.8:
        return "much of the data's variety is missing"
    return "some of the data's variety is missing" if part < 0.97 else "no variety of the data is seen to be missing"
