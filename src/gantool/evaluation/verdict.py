"""The verdict of an evaluation: what all numbers say together, in a few sentences."""

from collections.abc import Iterator

from gantool.metrics.judgement import ERRORS, FAR, Values, copied, share, told_apart

VARIED = ("recall", "coverage")
DECIBELS = 2.0
"""So much more or less of fine detail is seen by eye."""


def verdict(values: Values, reference: Values, shift: float | None) -> str:
    """Whether samples are like the data, whether variety is missing, and whether they are copies.

    Values and those of other reals are by name, of whatever metrics; what was not measured is passed over. Without
    features there is no `shift`.
    """
    both = {name: (value, reference[name]) for name, value in values.items() if name in reference}
    far = shift is not None and shift >= FAR
    said = [
        *_closeness(values, reference, shift),
        *(_variety(both) if not far else ()),
        *_looks(both),
        *_copies(both),
    ]
    return " ".join(said)


def _closeness(values: Values, reference: Values, shift: float | None) -> Iterator[str]:
    if shift is not None and shift >= FAR:
        yield (
            f"Samples are far from the data ({shift:.2f} of its spread; quality and variety are measured below {FAR}): "
            "judge them by eye, and compare models by KID."
        )
    elif {"kid", "kid_error"} <= values.keys() & reference.keys():
        errors = told_apart(values, reference)
        if errors < -ERRORS:
            yield "Samples are nearer to the data than other pictures of it are, as copies are."
        elif errors <= ERRORS:
            yield "Samples cannot be told from the data."
        else:
            yield "Samples are near the data, and can be told from it."
    elif shift is not None:
        yield "Samples are near the data."


def _variety(both: dict[str, tuple[float, float]]) -> Iterator[str]:
    """By the best of recall and coverage: each also falls where samples have a fault of quality."""
    shares = [share(*both[name]) for name in VARIED if name in both]
    if not shares:
        return
    part = max(shares)
    if part >= 0.97:
        yield "No variety is seen to be missing."
    else:
        yield f"{'Most' if part < 0.5 else 'Much' if part < 0.8 else 'Some'} of the data's variety is missing."


def _looks(both: dict[str, tuple[float, float]]) -> Iterator[str]:
    fine, of_reals = both.get("fine_detail", (0.0, 0.0))
    if abs(fine - of_reals) > DECIBELS:
        yield "Samples are soft." if fine < of_reals else "Samples have noise or a grid."
    here, usual = both.get("diversity", (1.0, 1.0))
    if here < 0.8 * usual:
        yield f"Samples differ from each other {here / usual:.0%} as much as the data's pictures do."
    elif here > 1.2 * usual:
        yield "Contrast or colours are too strong."


def _copies(both: dict[str, tuple[float, float]]) -> Iterator[str]:
    if "copies" not in both:
        return
    amount = copied(*both["copies"])
    if amount == "none":
        yield "No copies are seen."
    else:
        yield f"{both['copies'][0]:.0%} of the samples are as close to training pictures as copies: look at the pairs."
