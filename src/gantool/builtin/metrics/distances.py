"""Distances between the features of samples and those of the data."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from gantool.api.metrics import Better, Metric, Pictures
from gantool.api.specs import Options
from gantool.builtin.metrics.featured import features_of
from gantool.metrics.kernel import kid

ERRORS = 3.0
"""A difference of so many standard errors is one."""


class KernelDistance(Metric):
    """KID: about 0, and as often below it as above, where samples cannot be told from the data."""

    better: Mapping[str, Better] = MappingProxyType({"kid": "lower"})

    def __init__(self, options: Options | None = None) -> None:
        """Without options."""

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """The distance and its standard error. Raises ValueError for a set of fewer than 4."""
        found = kid(features_of(reals), features_of(samples))
        return {"kid": found.value, "kid_error": found.error}

    def read(self, values: Mapping[str, float], reference: Mapping[str, float]) -> str:
        """Whether the samples can be told from the data."""
        apart = values["kid"] - reference["kid"]
        error = math.hypot(values["kid_error"], reference["kid_error"])
        if apart < -ERRORS * error:
            verdict = "samples are nearer to these pictures than other pictures of the data are: copies, perhaps"
        elif apart <= ERRORS * error:
            verdict = "samples cannot be told from the data by it"
        else:
            verdict = f"samples differ from the data, by {apart / error:.0f} standard errors"
        return f"KID {values['kid']:.3g} beside {reference['kid']:.3g}: {verdict}."
