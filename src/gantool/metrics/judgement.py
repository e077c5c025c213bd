"""Where numbers of samples beside those of other reals begin to mean something; sentences use these alike."""

from collections.abc import Mapping
from math import floor, inf, isfinite, log10
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

FAR = 0.4
"""The shift from which samples hardly overlap with the data: measured, it is .33 or less for pictures of it that lost a
little detail or are 25 pictures again and again, and .4 or more for coloured blobs, by efficientnet, squeezenet and
random filters (docs/evaluate.md). By other extractors it is a guess."""
ERRORS = 4.0
"""A difference of so many standard errors of the reference, which has one as well, is none of chance."""

TOLERANCE = 0.2
"""The part by which diversity may differ from that of other reals."""
DECIBELS = 2.0
"""So much more or less of fine detail is seen by eye."""
APART = 2.0
"""An SWD so many times that of other reals is none of chance, also where pictures are too few for KID to tell."""

AS_COPIES = "samples are nearer to the data than other pictures of it are, as copies are"

Values = Mapping[str, float]
Amount = Literal["none", "some", "most"]
Than = Literal["less", "alike", "more"]
"""How a number of samples compares with that of other reals."""


def shift(reals: Float[Tensor, "n d"], fakes: Float[Tensor, "m d"]) -> float:
    """How far apart the means are, in units of the reals' spread: 0 without bias where sets are alike.

    The spread is the root mean square distance of a real to the reals' mean; with none, 0 or infinite. Features
    that are not finite are infinitely far.
    """
    reals, fakes = reals.double(), fakes.double()
    if not (reals.isfinite().all() and fakes.isfinite().all()):
        return torch.inf
    spread, of_fakes = (float((each - each.mean(dim=0)).square().sum(dim=1).mean()) for each in (reals, fakes))
    between = float((reals.mean(dim=0) - fakes.mean(dim=0)).square().sum())
    between = max(0.0, between - spread / len(reals) - of_fakes / len(fakes))  # what chance adds
    return float(torch.tensor(between / spread).sqrt()) if spread > 0 else (0.0 if between == 0 else torch.inf)


def error_of_mean(values: Tensor) -> float:
    """The standard error of a mean of shares or counts, as if there were two more, 0 and 1.

    So a share of 0 or 1 has an error, too (Agresti and Coull 1998).
    """
    values = torch.cat([values.double(), torch.tensor([0.0, 1.0], dtype=torch.float64)])
    return float(values.std() / len(values) ** 0.5)


def written(value: float, error: float | None) -> tuple[str, str]:
    """A value in three digits, or in those down to the first of its standard error, and the error behind it."""
    if error is None or not 0 < error < inf or not isfinite(value):
        return f"{value:.3g}", ""
    decimals = max(0, -floor(log10(error)))
    return f"{round(value, decimals) + 0.0:.{decimals}f}", f"± {error:.{decimals}f}"  # no -0.0


def share(here: float, usual: float) -> float:
    """A value as a share of the reference's, 1 at the most, and where both are 0."""
    return 1.0 if here >= usual else here / usual


def told_apart(values: Values, reference: Values) -> float:
    """The standard errors by which KID tells samples from the data; negative where they are nearer than reals are."""
    apart, error = values["kid"] - reference["kid"], reference["kid_error"]
    return apart / error if error > 0 else (0.0 if apart == 0 else torch.inf if apart > 0 else -torch.inf)


def closeness(values: Values, reference: Values) -> Than:
    """Whether by KID samples are less far from the data than other reals, as far, or more."""
    errors = told_apart(values, reference)
    return "less" if errors < -ERRORS else "alike" if errors <= ERRORS else "more"


def times(here: float, usual: float) -> float:
    """A value by the reference's, 1 where both are 0."""
    return here / usual if usual > 0 else (1.0 if here <= 0 else torch.inf)


def variation(here: float, usual: float) -> Than:
    """How much samples differ from each other, by their diversity and that of other reals."""
    part = times(here, usual)
    return "less" if part < 1 - TOLERANCE else "more" if part > 1 + TOLERANCE else "alike"


def detail(here: float, usual: float) -> Than:
    """Whether fine detail (in decibels) is seen to be less than in other reals, or more."""
    return "less" if here - usual < -DECIBELS else "more" if here - usual > DECIBELS else "alike"


def copied(here: float, usual: float) -> Amount:
    """How many samples are copies, by their share and that of other reals."""
    if here <= max(3 * usual, 0.03):
        return "none"
    return "some" if here < 0.5 else "most"
