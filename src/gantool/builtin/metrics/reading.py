"""Words that several metrics share, and the features that they need."""

from jaxtyping import Float
from torch import Tensor

from gantool.api.metrics import ERROR, Pictures
from gantool.metrics.judgement import Values, share, written


def features_of(pictures: Pictures) -> Float[Tensor, "n d"]:
    """The features of the pictures. Raises ValueError where there are none."""
    if pictures.features is None:
        raise ValueError("This metric compares features, and these pictures have none: choose an extractor.")
    return pictures.features


def shown(name: str, values: Values) -> str:
    """A value in the digits of the table, which are those of its error."""
    return written(values[name], values.get(f"{name}{ERROR}"))[0]


def of(name: str, values: Values, reference: Values) -> str:
    """A share beside that of real pictures: "coverage 0.31 of 0.97"."""
    return f"{name} {shown(name, values)} of {shown(name, reference)}"


def as_many(name: str, values: Values, reference: Values) -> str:
    """How a share compares with that of other real pictures: "as many", "fewer", "few"."""
    part = share(values[name], reference[name])
    return "as many" if part >= 0.9 else "fewer" if part >= 0.5 else "few"
