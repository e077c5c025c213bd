"""The features of a set of pictures, for metrics that need them."""

from jaxtyping import Float
from torch import Tensor

from gantool.api.metrics import Pictures


def features_of(pictures: Pictures) -> Float[Tensor, "n d"]:
    """The features. Raises ValueError where there are none."""
    if pictures.features is None:
        raise ValueError("This metric compares features, and these pictures have none: choose an extractor.")
    return pictures.features
