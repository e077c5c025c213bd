"""The rules by which a run is found to go wrong: each looks at the readings so far and says what it sees."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean

from gantool.builtin.observers import WatchOptions
from gantool.builtin.observers.trail import FEWEST_TICKS, STUCK, Reading, Trail, Verdict

HAD_DIVERSITY = 0.4
"""Of the data's: less was never enough to speak of a loss."""
NEAREST = 0.01
"""A distance to the data that cannot be told from none."""
HOPELESS = 200
"""Times the first gradients: larger ones do harm even where samples still get better."""
FEW, LONG = 3, 6
"""So many measurements without progress are enough where ticks tell of trouble too, and where it may pass by itself."""

Rule = Callable[[Trail, WatchOptions], Verdict | None]


def collapse(trail: Trail, options: WatchOptions) -> Verdict | None:
    """Samples have become alike, or remain so while nothing else gets better (Goodfellow 2016, section 5.1.1)."""
    told = trail.of("diversity")
    if len(told) < 3:
        return None
    low = max(told[-2:])
    steady = [min(pair) for pair in pairwise(told)]  # one lucky sheet is no peak
    peak = min(max(steady), 1.0)  # noise may differ more than the data do
    fell = peak >= HAD_DIVERSITY and low < options.lost_diversity * peak
    stuck = not trail.young and trail.stands_still() and max(told[-STUCK:]) < options.low_diversity
    late = not trail.young and trail.measured[-1].images_seen >= options.grace * trail.goal
    late = late and low < options.least_diversity
    if not fell and not stuck and not late:
        return None
    begun = next(one for one, pair in zip(trail.measured, steady, strict=False) if pair >= peak)
    since = begun.images_seen if fell else trail.measured[-STUCK if stuck else 0].images_seen
    if fell:
        how = f"was {peak:.0%} at {since:,} images: likely mode collapse. Try a lower --lr or {trail.penalty}."
    else:
        how = f"has not risen since {since:,} images" if stuck else f"never was more than {max(told):.0%}"
        how += (
            ": samples are nearly all alike, by mode collapse or because the generator hardly learns. Try another --lr "
            f"or {trail.penalty}."
        )
    return _found(
        "collapse", trail.measured, since, 1 / max(told[-1], 1e-3),
        f"Diversity is {told[-1]:.0%} of the data's and {how}",
    )  # fmt: skip


def copies(trail: Trail, options: WatchOptions) -> Verdict | None:
    """Most samples have a near twin, although samples as a whole differ: a few modes are left, or were ever found."""
    near, told = trail.of("spacing"), trail.of("diversity")
    if len(near) < 3:
        return None
    lost = max(near[:-2]) >= HAD_DIVERSITY and max(near[-2:]) < options.low_diversity
    late = not trail.young and trail.measured[-1].images_seen >= options.grace * trail.goal
    never = late and max(near[-FEW:]) < options.least_diversity and min(told[-FEW:]) >= options.low_diversity
    if not lost and not never:
        return None
    return _found(
        "copies", trail.measured, trail.measured[-2].images_seen, 1 / max(near[-1], 1e-3),
        f"Most samples have a near twin (they lie {near[-1]:.0%} as far apart as pictures of the data), at a diversity "
        f"of {told[-1]:.0%}: likely {'collapse to' if lost else 'no more than'} a few modes. Try a lower --lr or "
        f"{trail.penalty}.",
    )  # fmt: skip


def falls_apart(trail: Trail, options: WatchOptions) -> Verdict | None:
    """Samples are much farther from the data than they were."""
    swd = trail.of("swd")
    if len(swd) < 4:
        return None
    now, best = min(swd[-2:]), max(min(swd[:-2]), NEAREST)
    if now < options.worse * best:
        return None
    since = trail.measured[swd.index(min(swd[:-2]))].images_seen
    return _found(
        "divergence", trail.measured, since, now / best,
        f"Samples are {now / best:.1f} times as far from the data (SWD {now:.3f}) as at {since:,} images ({best:.3f}): "
        f"the run falls apart. Try a lower --lr or {trail.penalty}, or stop here.",
    )  # fmt: skip


def stalls(trail: Trail, options: WatchOptions) -> Verdict | None:
    """Far from the data still, and no nearer since long ago."""
    if trail.young:
        return None
    swd, first = trail.of("swd"), trail.measured[0].images_seen
    stuck = trail.stands_still() and min(swd) >= options.stalled
    late = first == 0 and trail.measured[-1].images_seen >= options.grace * trail.goal
    if not stuck and not (late and min(swd[-2:]) > max(options.stalled, options.untrained * swd[0])):
        return None
    since = trail.measured[-STUCK].images_seen if stuck else first
    return _found(
        "stall", trail.measured, since, 1.0,
        f"Samples come no nearer to the data since {since:,} images (SWD {swd[-1]:.3f}, {swd[0]:.3f} at first): "
        f"the generator hardly learns. Try another --lr-g or --lr-d, the recipe's own settings, or {trail.penalty}.",
    )  # fmt: skip


def saturated(trail: Trail, options: WatchOptions) -> Verdict | None:
    """Many more pixels are at black or white than in the data."""
    clipped = trail.of("clipped")
    if len(clipped) < 3 or min(clipped[-3:]) < options.clipped:
        return None
    return _found(
        "saturation", trail.measured, trail.measured[-3].images_seen, clipped[-1],
        f"{clipped[-1]:.0%} more of the pixels are at black or white than in the data: the generator's output is "
        "saturated. Try a lower --lr-g.",
    )  # fmt: skip


def noise(trail: Trail, options: WatchOptions) -> Verdict | None:
    """The finest detail is far above that of the data, and stays so."""
    detail = trail.of("detail")
    if trail.young or len(detail) <= STUCK or min(detail[-3:]) < options.noisy or not trail.stands_still():
        return None
    return _found(
        "noise", trail.measured, trail.measured[-3].images_seen, detail[-1],
        f"Samples have {detail[-1]:.1f} times the fine detail of the data: noise or a checkerboard. Try a lower --lr, "
        "or longer training if they still get better.",
    )  # fmt: skip


def blank(trail: Trail, options: WatchOptions) -> Verdict | None:
    """Pictures of one colour each."""
    contrast = trail.of("contrast")
    if trail.young or max(contrast[-STUCK:]) >= options.low_diversity or not trail.stands_still():
        return None
    return _found(
        "blank", trail.measured, trail.measured[-STUCK].images_seen, 1 / max(contrast[-1], 1e-3),
        f"Samples are nearly blank: their contrast is {contrast[-1]:.0%} of the data's. The generator learns nothing; "
        "try a lower --lr or another --loss.",
    )  # fmt: skip


def discriminator_wins(trail: Trail, options: WatchOptions) -> Verdict | None:
    """It is right on all, and its loss or the generator's gradient is nearly gone (Arjovsky and Bottou 2017)."""
    ticks = _with(trail.recent(), "loss_d", "gradient_norm_g")
    if not ticks or min(_mean(ticks, "real_accuracy"), _mean(ticks, "fake_accuracy")) < options.sure:
        return None
    loss, gradient = fmean(abs(tick.values["loss_d"]) for tick in ticks), _mean(ticks, "gradient_norm_g")
    vanished = gradient < options.vanished * trail.first("gradient_norm_g")
    if not vanished and (loss > options.no_loss or (trail.measured and not trail.stands_still(FEW))):
        return None
    why = f"the generator's gradient is down to {gradient:.2g}" if vanished else f"its loss is down to {loss:.2g}"
    return _found(
        "discriminator wins", ticks, ticks[0].images_seen, 1 / max(gradient if vanished else loss, 1e-9) ** 0.5,
        f"The discriminator has been right on {_mean(ticks, 'real_accuracy'):.1%} of reals and "
        f"{_mean(ticks, 'fake_accuracy'):.1%} of fakes since {ticks[0].images_seen:,} images, and {why}: "
        f"it has won, and the generator learns little. Try a lower --lr-d, {trail.penalty} or, with few images, "
        "--augment.",
    )  # fmt: skip


def discriminator_dead(trail: Trail, options: WatchOptions) -> Verdict | None:
    """It says the same of everything, or has no gradient though it is wrong, and samples make no progress."""
    ticks = _with(trail.recent(), "real_accuracy", "fake_accuracy", "gradient_norm_d")
    if not ticks:
        return None
    real, fake = ([tick.values[name] for tick in ticks] for name in ("real_accuracy", "fake_accuracy"))
    slip = 1 - options.sure
    same = any(
        all(abs(value - all_real) <= slip for value in real) and all(abs(value - all_fake) <= slip for value in fake)
        for all_real, all_fake in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    gradient, first = _mean(ticks, "gradient_norm_d"), trail.first("gradient_norm_d")
    gone = gradient < options.vanished * first and min(fmean(real), fmean(fake)) < options.sure
    if not (same or gone) or (trail.measured and not trail.stands_still(LONG)):
        return None
    weaker = f"a lower weight of --penalty {trail.penalties[0]}, " if trail.penalties else ""
    return _found(
        "discriminator dead", ticks, ticks[0].images_seen, 1.0,
        f"The discriminator has been right on {fmean(real):.0%} of reals and {fmean(fake):.0%} of fakes since "
        f"{ticks[0].images_seen:,} images, with a gradient of {gradient:.2g} ({first:.2g} at first): "
        f"it no longer tells them apart. Try {weaker}a lower --lr-d, or a fresh start.",
    )  # fmt: skip


def runs_away(trail: Trail, options: WatchOptions) -> Verdict | None:
    """Gradients or the discriminator's loss are far above what they were at first."""
    worst, which = 0.0, ""
    for name in ("gradient_norm_d", "gradient_norm_g", "loss_d"):  # loss_g may drift without harm (Wasserstein)
        ticks = _with(trail.recent(), name)[-FEWEST_TICKS // 2 :]
        # Gradients settle in the first ticks; a loss is soon what it should be, and may have exploded by the third.
        floor = max(trail.first(name, 2), 1.0) if name.startswith("loss") else trail.first(name)
        if not ticks or floor == 0:
            continue
        size = min(abs(tick.values[name]) for tick in ticks) / floor
        gets_better = bool(trail.measured) and not trail.stands_still(FEW)
        if name.startswith("gradient") and size < HOPELESS and gets_better:
            continue  # gradients may grow without harm
        if size > worst:
            worst, which = size, name
    if worst < options.exploded:
        return None
    since = _with(trail.recent(), which)[-FEWEST_TICKS // 2 :][0].images_seen
    return _found(
        "explosion", trail.ticks, since, worst,
        f"{which} has been at least {worst:,.0f} times its first size since {since:,} images: "
        f"the run is running away. Try a lower --lr or {trail.penalty}.",
    )  # fmt: skip


MEASURED_RULES: tuple[Rule, ...] = (collapse, copies, falls_apart, stalls, saturated, noise, blank)
TICK_RULES: tuple[Rule, ...] = (discriminator_wins, discriminator_dead, runs_away)


def _with(ticks: Sequence[Reading], *names: str) -> Sequence[Reading]:
    """Those ticks in which it was the turn of the networks that these scalars are of."""
    return [tick for tick in ticks if all(name in tick.values for name in names)]


def _mean(ticks: Sequence[Reading], name: str) -> float:
    return fmean(tick.values[name] for tick in ticks)


def _found(kind: str, readings: Sequence[Reading], since: int, severity: float, message: str) -> Verdict:
    return Verdict(kind, readings[-1].images_seen, since, severity, message)
