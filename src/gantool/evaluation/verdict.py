"""The verdict of an evaluation: what all numbers say together, in a few sentences."""

from collections.abc import Iterator
from math import inf

from gantool.metrics.judgement import (
    APART,
    AS_COPIES,
    FAR,
    Than,
    Values,
    closeness,
    copied,
    detail,
    share,
    times,
    variation,
)

VARIED = ("recall", "coverage")


def verdict(values: Values, reference: Values, shift: float | None) -> str:
    """Whether samples are like the data, whether variety is missing, and whether they are copies.

    Values and those of other reals are by name, of whatever metrics; what was not measured is passed over. Without
    features there is no `shift`.
    """
    both = {name: (value, reference[name]) for name, value in values.items() if name in reference}
    far = shift is not None and shift >= FAR
    by_kid = closeness(values, reference) if {"kid", "kid_error"} <= values.keys() & reference.keys() else None
    said = [
        *_closeness(by_kid, shift, times(*both.get("swd", (1.0, 1.0)))),
        *(_variety(both) if not far else ()),
        *(_by_pixels(both) if far else ()),
        *_looks(both),
        *_copies(both, near=by_kid == "less" and not far),
    ]
    return " ".join(said)


def _closeness(by_kid: Than | None, shift: float | None, by_swd: float) -> Iterator[str]:
    if shift is not None and shift >= FAR:
        yield (
            f"Samples are far from the data: mean features are {shift:.2f} of its spread apart, and only below {FAR} "
            "are quality and variety measured. Judge them by eye, and call a model better than another only where KID, "
            "SWD and diversity agree."
        )
    elif by_kid is not None:
        alike = "samples cannot be told from the data"
        if APART < by_swd < inf:
            alike = (
                f"KID does not tell samples from the data, SWD does: {by_swd:.1f} times that of other pictures of it"
            )
        apart = "samples are near the data, and can be told from it"
        said = {"less": AS_COPIES, "alike": alike, "more": apart}[by_kid]
        yield f"{said[0].upper()}{said[1:]}."
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


def _by_pixels(both: dict[str, tuple[float, float]]) -> Iterator[str]:
    """What still tells something of samples far from the data: SWD and diversity, which need no features."""
    said = []
    if "swd" in both:
        said.append(f"SWD is {times(*both['swd']):.1f} times that of other pictures of the data")
    if "diversity" in both and variation(*both["diversity"]) == "alike":
        said.append("layout and colours vary as much as theirs" if said else "layout and colours vary as the data's do")
    if said:
        yield f"What pixels tell holds here too: {', and '.join(said)}."


def _looks(both: dict[str, tuple[float, float]]) -> Iterator[str]:
    fine = detail(*both.get("fine_detail", (0.0, 0.0)))
    if fine != "alike":
        yield "Samples are soft." if fine == "less" else "Samples have noise or a grid."
    here, usual = both.get("diversity", (1.0, 1.0))
    differ = variation(here, usual)
    if differ == "less":
        yield f"Samples differ from each other {here / usual:.0%} as much as the data's pictures do."
    elif differ == "more":
        yield "Contrast or colours are too strong."


def _copies(both: dict[str, tuple[float, float]], near: bool) -> Iterator[str]:
    """By their share; where KID is that of copies, none are not said to be none."""
    if "copies" not in both:
        return
    amount = copied(*both["copies"])
    if amount == "none":
        yield "No single copies are found: look at the pairs." if near else "No copies are seen."
    else:
        yield f"{both['copies'][0]:.0%} of the samples are as close to training pictures as copies: look at the pairs."
