"""The rules of the watch on how samples look: grey areas, dull colours, the grid of an upsampling, much alike."""

from gantool.api.run_config import NONE
from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.history import History, Problem
from gantool.builtin.observers.rules import FEWEST

ROW = 3
"""Measurements in a row that must show it."""
MIRRORED = "fill=mirror"
"""The option of an augmentation that fills with the picture itself, which cannot leak grey."""
TRANSLATION, CUTOUT = "translation", "cutout"
"""Policies that fill with grey; `fill=mirror` is for the first alone."""
TRANSPOSED, UPSAMPLED = "grow=transposed", "grow=upsample"
"""The option of an architecture by which upsampling leaves a grid, and the one by which it does not."""


def grey(history: History, options: WatchOptions) -> Problem | None:
    """Grey areas: samples copy the mid-grey that an augmentation fills with: it leaks (Karras et al. 2020)."""
    found = _row(history, "grey")
    augment = history.chosen.augment
    fills = augment != NONE and (MIRRORED not in augment or CUTOUT in augment)
    if not found or not fills or not _is_late(history) or min(found) < options.grey:
        return None
    return _problem(
        "grey", history, found[-1],
        f"In {found[-1]:.0%} more of the samples than of the data a quarter or more is mid-grey: the augmentation "
        f"leaks into the samples. Try --augment none{_mirrored(augment)}.", augment=NONE,
    )  # fmt: skip


def dull(history: History, options: WatchOptions) -> Problem | None:
    """Dull colours: the samples' are much weaker than the data's, without progress."""
    found = _row(history, "color")
    if not found or history.is_early or max(found) >= options.dull or not history.is_stuck():
        return None
    augmented = history.chosen.augment != NONE
    advice = "Try --augment none: its colours leak" if augmented else "Try another --lr, or longer training"
    return _problem(
        "dull", history, 1 / max(found[-1], 1e-3),
        f"The saturation of the samples' colours is {found[-1]:.0%} of the data's, without progress. {advice}.",
        **({"augment": NONE} if augmented else {}),
    )  # fmt: skip


def checkerboard(history: History, options: WatchOptions) -> Problem | None:
    """A checkerboard: a peak in the spectrum at 2 or 4 pixels, which the data does not have (Odena et al. 2016)."""
    found = _row(history, "checkerboard")
    if not found or not _is_late(history) or min(found) < options.checkerboard:
        return None
    arch = history.chosen.arch
    upsampled = arch.replace(TRANSPOSED, UPSAMPLED)
    advice = "Try grow=upsample" if upsampled != arch else "Try longer training, or a lower --lr"
    return _problem(
        "checkerboard", history, found[-1],
        f"Samples show a grid: at a period of 2 or 4 pixels, their spectrum has a peak {found[-1]:.1f} times as high "
        f"as the data's. {advice}.", **({"arch": upsampled} if upsampled != arch else {}),
    )  # fmt: skip


def alike(history: History, options: WatchOptions) -> Problem | None:
    """Samples that are still much alike at a run's end, though no less than before: the run was too short.

    A growing run has few steps at its last level, and may have one measurement there, of which no other rule can tell.
    """
    now = history.measured[-1].images_seen
    diversity = history.measurements("diversity")
    if not history.has_ended or max(diversity) >= options.alike or diversity[-1] < diversity[-2:][0]:
        return None
    if len(diversity) >= FEWEST and diversity[-1] < options.low_diversity:
        return None  # of which the rule on collapse tells
    if history.is_stuck():
        return None  # training longer has been no remedy
    message = (
        f"Samples are much alike: at the run's end their diversity is {diversity[-1]:.0%} of the data's. Train longer."
    )
    return Problem("alike", now, now, 1 / max(diversity[-1], 1e-3), message, rates=(), longer=True)


def _mirrored(augment: str) -> str:
    """The other advice, where grey comes from the borders of a translation alone."""
    return ", or fill=mirror" if TRANSLATION in augment and CUTOUT not in augment else ""


def _is_late(history: History) -> bool:
    """From the middle of the run on: grids and blank backgrounds are common in early samples, and most go away."""
    return not history.is_early and history.measured[-1].images_seen >= history.goal / 2


def _row(history: History, name: str) -> list[float]:
    """The last values of a measurement; none where there are too few, or a run from before it was taken."""
    values = [reading.values[name] for reading in history.measured[-ROW:] if name in reading.values]
    return values if len(values) == ROW else []


def _problem(kind: str, history: History, severity: float, message: str, **instead: str) -> Problem:
    now, since = history.measured[-1].images_seen, history.measured[-ROW].images_seen
    return Problem(kind, now, since, severity, message, instead=instead)


LOOK_RULES = (grey, dull, checkerboard, alike)
