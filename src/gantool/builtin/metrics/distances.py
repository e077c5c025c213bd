"""Distances between the features of samples and those of the data."""

from collections.abc import Mapping
from types import MappingProxyType

from gantool.api.metrics import Better, Metric, Pictures
from gantool.api.specs import Options
from gantool.builtin.metrics.reading import features_of, shown
from gantool.metrics.frechet import frechet
from gantool.metrics.judgement import AS_COPIES, Values, closeness, times, told_apart
from gantool.metrics.kernel import kid

MOST_ERRORS = 10
"""Standard errors beyond which their number says nothing more: it grows with that of the pictures."""


class KernelDistance(Metric):
    """KID: about 0, and as often below it as above, where samples cannot be told from the data."""

    better: Mapping[str, Better] = MappingProxyType({"kid": "lower"})

    def __init__(self, options: Options | None = None) -> None:
        """Without options."""

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """The distance and its standard error. Raises ValueError for a set of fewer than 4."""
        found = kid(features_of(reals), features_of(samples))
        return {"kid": found.value, "kid_error": found.error}

    def title(self, name: str, extractor: str, n: int) -> str:
        """KID with the extractor."""
        return name.replace("kid", f"KID ({extractor})").replace("_", " ")

    def read(self, values: Values, reference: Values) -> str:
        """Whether the samples can be told from the data."""
        errors = told_apart(values, reference)
        by = f", by {errors:.0f} standard errors of the value of other reals" if errors <= MOST_ERRORS else ""
        apart = f"samples differ from the data{by}"
        alike = "it does not tell samples from the data"
        verdict = {"less": AS_COPIES, "alike": alike, "more": apart}[closeness(values, reference)]
        return f"KID {shown('kid', values)} beside {shown('kid', reference)}: {verdict}."


class Frechet(Metric):
    """The Fréchet distance, called FID only where Inception made the features."""

    better: Mapping[str, Better] = MappingProxyType({"frechet": "lower"})

    def __init__(self, options: Options | None = None) -> None:
        """Without options."""

    def __call__(self, reals: Pictures, samples: Pictures) -> dict[str, float]:
        """The distance. Raises ValueError for a set of fewer than 2."""
        return {"frechet": frechet(features_of(reals), features_of(samples))}

    def title(self, name: str, extractor: str, n: int) -> str:
        """FID or Fréchet distance, with the extractor and the number of samples, on which it depends."""
        kind = "FID" if extractor.startswith("inception, weights of 2015") else "Fréchet distance"
        return f"{kind} ({extractor}, N {n})"

    def read(self, values: Values, reference: Values) -> str:
        """How much farther samples are from the data than other pictures of it."""
        here, usual = values["frechet"], reference["frechet"]
        part = times(here, usual)
        if part < 0.8:
            verdict = AS_COPIES
        elif part <= 1.03:
            verdict = "samples are as near to the data as other pictures of it"
        elif part < 2:
            verdict = f"samples are {part - 1:.0%} farther from the data than other pictures of it"
        else:
            verdict = "samples are far from the data"
        return f"Fréchet distance {shown('frechet', values)} beside {shown('frechet', reference)}: {verdict}."
