"""The rule of the watch on a discriminator that knows the pictures by heart."""

import re
from statistics import fmean

from gantool.api.run_config import NONE
from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.history import History, Problem, score_of
from gantool.builtin.observers.rules import NEAREST, discriminator_wins

LEAST = 4
"""Measurements before which none is called the best of the run."""
EPOCHS = 3
"""Times that each picture is seen before which none is known by heart (benchmarks/recipes)."""
STRONG = 0.8
"""The strength of an augmentation from which on no stronger one is advised."""
RISING = "diffaugment"
"""The augmentation that is advised, and whose options are known here."""
STRENGTH, RISE = re.compile(r"\bstrength=([0-9.]+)"), re.compile(r"\brise=([0-9.]+)")
TOLD_APART = ("real_accuracy", "fake_accuracy", "loss_d")


def overfits(history: History, options: WatchOptions) -> Problem | None:
    """Overfitting: the discriminator tells nearly all apart, and samples get worse (Karras et al. 2020, section 2)."""
    scores = [score_of(reading.values) for reading in history.measured]
    if len(scores) < LEAST or history.measured[-1].images_seen < EPOCHS * history.chosen.pictures:
        return None
    least, now = min(scores[:-2]), min(scores[-2:])
    best = max(least, NEAREST)
    ticks = [tick.values for tick in history.recent() if tick.values.keys() >= set(TOLD_APART)]
    if now < options.faded * best or not ticks:
        return None
    real, fake, loss = (fmean(tick[name] for tick in ticks) for name in TOLD_APART)
    if min(real, fake) < options.known or loss < 0:  # a Wasserstein critic's: it is meant to tell all apart
        return None
    if discriminator_wins(history, options):  # that is told, with another remedy
        return None
    since = history.measured[scores.index(least)].images_seen
    stronger = _stronger(history.chosen.augment)
    advice = f"Try --augment {stronger}" if stronger else "Try more pictures, --flip, or narrower networks"
    return Problem(
        "overfitting", history.measured[-1].images_seen, since, now / best,
        f"Samples have become worse since {since:,} images (score {now:.3f}, {least:.3f} then), and the discriminator "
        f"is right on {real:.0%} of reals and {fake:.0%} of fakes: it overfits, and knows the pictures by heart. "
        f"{advice}.", rates=(), instead={"augment": stronger} if stronger else {},
    )  # fmt: skip


def _stronger(augment: str) -> str:
    """A stronger augmentation than that of the run; empty where none is known to be."""
    if augment == NONE:
        return RISING
    strength, rise = STRENGTH.search(augment), RISE.search(augment)
    if augment.partition(":")[0] != RISING or strength is None:
        return ""
    if float(strength[1]) >= STRONG or (rise and float(rise[1])):
        return ""
    return f"{augment[: strength.start(1)]}{STRONG}{augment[strength.end(1) :]}"
