"""The rules of the watch: each inspects the metrics so far and returns a problem or None."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean

from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.history import BOTH, FEWEST_TICKS, STUCK, History, Problem, Reading, flag_of

HAD_DIVERSITY = 0.4
"""The least diversity, as a share of the data's, from which a fall counts as a loss."""
NEAREST = 0.01
"""The smallest distance to the data that is not mere noise."""
HOPELESS = 200
"""The growth of gradients that is harmful even while samples get better."""
FEWEST = 3
"""The least measurements by which a collapse can be told."""
FEW, LONG = 3, 6
"""Measurements without progress for a rule on ticks: few in general, more if the problem may pass by itself."""

Rule = Callable[[History, WatchOptions], Problem | None]


def collapse(history: History, options: WatchOptions) -> Problem | None:
    """Mode collapse: samples became alike, or stay so without progress (Goodfellow 2016, section 5.1.1)."""
    diversity = history.measurements("diversity")
    if len(diversity) < FEWEST:
        return None
    low = max(diversity[-2:])
    steady = [min(pair) for pair in pairwise(diversity)]  # one lucky measurement is no peak
    peak = min(max(steady), 1.0)  # noise may be more diverse than the data
    fell = peak >= HAD_DIVERSITY and low < options.lost_diversity * peak
    stuck = not history.is_early and history.is_stuck() and max(diversity[-STUCK:]) < options.low_diversity
    late = not history.is_early and history.measured[-1].images_seen >= options.grace * history.goal
    late = late and low < options.least_diversity
    if not fell and not stuck and not late:
        return None
    begun = next(one for one, pair in zip(history.measured, steady, strict=False) if pair >= peak)
    since = begun.images_seen if fell else history.measured[-STUCK if stuck else 0].images_seen
    if fell:
        how = f"was {peak:.0%} at {since:,} images: likely mode collapse. Try a lower --lr or {history.penalty}."
    else:
        how = f"has not risen since {since:,} images" if stuck else f"was never above {max(diversity):.0%}"
        how += (
            ": the samples hardly differ from one another, by mode collapse or because the generator hardly learns. "
            f"Try another --lr or {history.penalty}."
        )
    return _problem(
        "collapse", history.measured, since, 1 / max(diversity[-1], 1e-3),
        f"Diversity is {diversity[-1]:.0%} of the data's and {how}",
    )  # fmt: skip


def few_modes(history: History, options: WatchOptions) -> Problem | None:
    """A few modes: most samples have a near duplicate, although samples as a whole differ."""
    spacing, diversity = history.measurements("spacing"), history.measurements("diversity")
    if len(spacing) < 3:
        return None
    lost = max(spacing[:-2]) >= HAD_DIVERSITY and max(spacing[-2:]) < options.low_diversity
    late = not history.is_early and history.measured[-1].images_seen >= options.grace * history.goal
    never = late and max(spacing[-FEW:]) < options.least_diversity and min(diversity[-FEW:]) >= options.low_diversity
    if not lost and not never:
        return None
    return _problem(
        "copies", history.measured, history.measured[-2].images_seen, 1 / max(spacing[-1], 1e-3),
        f"Most samples have a near duplicate (spacing is {spacing[-1]:.0%} of the data's), although diversity is "
        f"{diversity[-1]:.0%}: likely {'collapse to' if lost else 'no more than'} a few modes. Try a lower --lr or "
        f"{history.penalty}.",
    )  # fmt: skip


def diverges(history: History, options: WatchOptions) -> Problem | None:
    """Divergence: samples are much farther from the data than they were."""
    swd = history.measurements("swd")
    if len(swd) < 4:
        return None
    now, best = min(swd[-2:]), max(min(swd[:-2]), NEAREST)
    if now < options.worse * best:
        return None
    since = history.measured[swd.index(min(swd[:-2]))].images_seen
    return _problem(
        "divergence", history.measured, since, now / best,
        f"The distance to the data (SWD {now:.3f}) is {now / best:.1f} times that at {since:,} images ({best:.3f}): "
        f"the run diverges. Try a lower --lr or {history.penalty}, or stop here.",
    )  # fmt: skip


def stalls(history: History, options: WatchOptions) -> Problem | None:
    """Stall: samples are far from the data and have come no nearer for long."""
    if history.is_early:
        return None
    swd, first = history.measurements("swd"), history.measured[0].images_seen
    stuck = history.is_stuck() and min(swd) >= options.stalled
    late = first == 0 and history.measured[-1].images_seen >= options.grace * history.goal
    if not stuck and not (late and min(swd[-2:]) > max(options.stalled, options.untrained * swd[0])):
        return None
    since = history.measured[-STUCK].images_seen if stuck else first
    rate = flag_of(history.faster) if history.chosen.slow_discriminator else "--lr-g or --lr-d"
    return _problem(
        "stall", history.measured, since, 1.0,
        f"The distance to the data has not fallen since {since:,} images (SWD {swd[-1]:.3f}, {swd[0]:.3f} at first): "
        f"the generator hardly learns. Try another {rate if history.adversary else '--lr'}, the recipe's "
        f"own settings, or {history.penalty}.", history.faster,
    )  # fmt: skip


def saturated(history: History, options: WatchOptions) -> Problem | None:
    """Saturation: many more pixels are black or white than in the data."""
    clipped = history.measurements("clipped")
    if len(clipped) < 3 or min(clipped[-3:]) < options.clipped:
        return None
    return _problem(
        "saturation", history.measured, history.measured[-3].images_seen, clipped[-1],
        f"{clipped[-1]:.0%} more of the pixels are black or white than in the data: the generator's output is "
        "saturated. Try a lower --lr-g.", "lr_g",
    )  # fmt: skip


def noise(history: History, options: WatchOptions) -> Problem | None:
    """Noise: fine detail is far above the data's, without progress."""
    detail = history.measurements("detail")
    if history.is_early or len(detail) <= STUCK or min(detail[-3:]) < options.noisy or not history.is_stuck():
        return None
    return _problem(
        "noise", history.measured, history.measured[-3].images_seen, detail[-1],
        f"Samples have {detail[-1]:.1f} times the fine detail of the data: noise or checkerboard artefacts. Try a "
        "lower --lr, or longer training if they still get better.",
    )  # fmt: skip


def blank(history: History, options: WatchOptions) -> Problem | None:
    """Blank samples: each is of nearly one colour."""
    contrast = history.measurements("contrast")
    if history.is_early or max(contrast[-STUCK:]) >= options.low_diversity or not history.is_stuck():
        return None
    return _problem(
        "blank", history.measured, history.measured[-STUCK].images_seen, 1 / max(contrast[-1], 1e-3),
        f"Samples are nearly blank: their contrast is {contrast[-1]:.0%} of the data's. The generator learns nothing; "
        f"try a lower --lr or {'another --loss' if history.adversary else history.penalty}.",
    )  # fmt: skip


def discriminator_wins(history: History, options: WatchOptions) -> Problem | None:
    """The discriminator classifies all correctly, and its loss or G's gradient vanishes (Arjovsky and Bottou 2017)."""
    ticks = _with(history.recent(), "loss_d", "gradient_norm_g")
    if not ticks or min(_mean(ticks, "real_accuracy"), _mean(ticks, "fake_accuracy")) < options.sure:
        return None
    loss, gradient = fmean(abs(tick.values["loss_d"]) for tick in ticks), _mean(ticks, "gradient_norm_g")
    vanished = gradient < options.vanished * history.first_median("gradient_norm_g")
    if not vanished and (loss > options.no_loss or (history.measured and not history.is_stuck(FEW))):
        return None
    why = f"the generator's gradient norm fell to {gradient:.2g}" if vanished else f"its loss fell to {loss:.2g}"
    return _problem(
        "discriminator wins", ticks, ticks[0].images_seen, 1 / max(gradient if vanished else loss, 1e-9) ** 0.5,
        f"The discriminator has classified {_mean(ticks, 'real_accuracy'):.1%} of reals and "
        f"{_mean(ticks, 'fake_accuracy'):.1%} of fakes correctly since {ticks[0].images_seen:,} images, and {why}: "
        f"it has won, and the generator learns little. Try a lower --lr-d, {history.penalty} or, with few images, "
        "--augment.", "lr_d",
    )  # fmt: skip


def discriminator_dead(history: History, options: WatchOptions) -> Problem | None:
    """The discriminator answers the same for all, or has no gradient though it errs, and there is no progress."""
    ticks = _with(history.recent(), "real_accuracy", "fake_accuracy", "gradient_norm_d")
    if not ticks:
        return None
    real, fake = ([tick.values[name] for tick in ticks] for name in ("real_accuracy", "fake_accuracy"))
    slip = 1 - options.sure
    same = any(
        all(abs(value - all_real) <= slip for value in real) and all(abs(value - all_fake) <= slip for value in fake)
        for all_real, all_fake in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    gradient, first = _mean(ticks, "gradient_norm_d"), history.first_median("gradient_norm_d")
    gone = gradient < options.vanished * first and min(fmean(real), fmean(fake)) < options.sure
    if not (same or gone) or (history.measured and not history.is_stuck(LONG)):
        return None
    weaker = f"a lower weight of --penalty {history.penalties[0]}, " if history.penalties else ""
    return _problem(
        "discriminator dead", ticks, ticks[0].images_seen, 1.0,
        f"The discriminator has classified {fmean(real):.0%} of reals and {fmean(fake):.0%} of fakes correctly since "
        f"{ticks[0].images_seen:,} images, with a gradient norm of {gradient:.2g} ({first:.2g} at first): it no longer "
        f"tells them apart. Try {weaker}a lower {flag_of(history.faster)}, or a new run.", history.faster,
    )  # fmt: skip


def explodes(history: History, options: WatchOptions) -> Problem | None:
    """Explosion: gradients or the discriminator's loss are far above their first values."""
    worst, which = 0.0, ""
    for name in ("gradient_norm_d", "gradient_norm_g", "loss_d"):  # loss_g may drift without harm (Wasserstein)
        ticks = _with(history.recent(), name)[-FEWEST_TICKS // 2 :]
        # Gradients stabilise in the first ticks; a loss does so at once, and may have exploded by the third.
        floor = max(history.first_median(name, 2), 1.0) if name.startswith("loss") else history.first_median(name)
        if not ticks or floor == 0:
            continue
        size = min(abs(tick.values[name]) for tick in ticks) / floor
        gets_better = bool(history.measured) and not history.is_stuck(FEW)
        if name.startswith("gradient") and size < HOPELESS and gets_better:
            continue  # gradients may grow without harm
        if size > worst:
            worst, which = size, name
    if worst < options.exploded:
        return None
    since = _with(history.recent(), which)[-FEWEST_TICKS // 2 :][0].images_seen
    return _problem(
        "explosion", history.ticks, since, worst,
        f"{which} has been at least {worst:,.0f} times its first value since {since:,} images: it explodes. "
        f"Try a lower --lr or {history.penalty}.",
    )  # fmt: skip


MEASURED_RULES: tuple[Rule, ...] = (collapse, few_modes, diverges, stalls, saturated, noise, blank)
TICK_RULES: tuple[Rule, ...] = (discriminator_wins, discriminator_dead, explodes)


def _with(ticks: Sequence[Reading], *names: str) -> Sequence[Reading]:
    """The ticks that have these scalars: a network that took no step in a tick has none."""
    return [tick for tick in ticks if all(name in tick.values for name in names)]


def _mean(ticks: Sequence[Reading], name: str) -> float:
    return fmean(tick.values[name] for tick in ticks)


def _problem(kind: str, readings: Sequence[Reading], since: int, severity: float, message: str, *rates: str) -> Problem:
    return Problem(kind, readings[-1].images_seen, since, severity, message, rates or BOTH)
