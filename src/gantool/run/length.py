"""The length of a run by the time that it may take, from steps that are tried before it begins."""

import math
import os
from collections.abc import Callable
from dataclasses import replace

import torch

from gantool.api.specs import Component
from gantool.engine.devices import pick_device
from gantool.engine.precision import Precision
from gantool.engine.spans import in_words
from gantool.errors import UsageError, sentence
from gantool.run.defaults import DefaultChoice
from gantool.run.duration import Timing, TimingError, time_of
from gantool.run.forecast import counts, explaining_memory
from gantool.run.planning import Plan
from gantool.run.prepare import PreparedRun, prepare

USUAL_MINUTES = 15.0
"""The length of runs on a CPU for which no number of images is given."""
ROUNDS, CLOSE, NEAR = 6, 0.1, 10
"""The length is tried anew, since networks and stages may depend on it, until the time is as close as that; lengths are
near each other where one is at most so many times the other."""


def timed(plan: Plan, minutes: float | None, again: Callable[[int], Plan], more: bool = False) -> Plan:
    """The plan of a new run with as many images as take so many minutes here; `again` makes it for a number of images.

    Without `minutes` it is about 15 on a CPU, and no more images than the recipe has; a length that was given, or that
    the data calls for, stays. A run that resumes gets so many minutes more if `more` is true, and else keeps its
    length, which is told if `minutes` are given; started again by its launcher, it keeps what it got before. Raises
    UsageError for many processes.
    """
    if minutes is not None and not 0 < minutes <= 1e6:
        raise UsageError(f"--minutes takes a number above 0, not {minutes:g}.")
    if minutes is not None and "images" in plan.given:
        raise UsageError("--minutes and --images exclude each other: both say how long to train.")
    alone = os.environ.get("WORLD_SIZE", "1") == "1"
    if minutes is not None and not alone:
        raise UsageError("--minutes is for one process; for several give --images.")
    if plan.resumes and (minutes is None or plan.restarted):
        return plan
    if plan.resumes and minutes is not None:
        return _longer(plan, minutes, again) if more else replace(plan, choices=(*plan.choices, _kept_length(plan)))
    if minutes is None and ("images" in plan.given or not alone or not _is_long(plan)):
        return plan
    with explaining_memory(plan.config):
        return _fitted(plan, minutes, again)


def _longer(plan: Plan, minutes: float, again: Callable[[int], Plan]) -> Plan:
    """The plan of a run that resumes with as many images more as take so many minutes here."""
    seen = plan.images_seen
    more, tried = max(plan.config.images, plan.config.batch), None
    device, goal = pick_device(plan.config.device), minutes * 60
    with explaining_memory(plan.config):
        prepared = _prepared(plan, device)
        times: dict[int, float] = {}
        try:
            for _ in range(ROUNDS):
                config = plan.config.model_copy(update={"images": seen + more})
                expected = time_of(replace(prepared, config=config), device, seen, tried=tried)
                times[more] = expected.middle
                if abs(expected.middle / goal - 1) < CLOSE:
                    break
                before, more = more, _rounded(_aimed(times, more, goal), config.batch)
                tried = expected.tried if more <= 2 * before else None  # for few images steps are tried less carefully
        except TimingError as error:
            raise _untimed(error) from error
    why = f"{seen:,} seen, and {more:,} more in {in_words(goal, goal)} here, by timing"
    chosen = DefaultChoice("--images", f"{seen + more:,}", why)
    timing = Timing(prepared.precision, expected.tried, expected.others)
    return replace(again(seen + more), given=plan.given, choices=(*plan.choices, chosen), timing=timing)


def _untimed(error: TimingError) -> UsageError:
    failed = f"--minutes needs a step to be timed, which failed here: {error}"
    return UsageError(f"{sentence(failed)} Give --images instead.")


def _kept_length(plan: Plan) -> DefaultChoice:
    """The same command again is the same run."""
    why = "the length of the run that resumes: --resume RUN --minutes N trains for N minutes more"
    return DefaultChoice("--images", f"{plan.config.images:,}", why)


def _is_long(plan: Plan) -> bool:
    """True for a run on a CPU whose data does not call for some length."""
    source = plan.components.source.spec
    called_for = isinstance(source, Component) and source.images is not None
    return pick_device(plan.config.device).type == "cpu" and not called_for


def _fitted(plan: Plan, minutes: float | None, again: Callable[[int], Plan]) -> Plan:
    most = math.inf if minutes is not None else plan.config.images
    goal = (minutes or USUAL_MINUTES) * 60
    device = pick_device(plan.config.device)
    prepared, busy = _prepared(plan, device), 0.0
    try:
        expected, times = time_of(prepared, device), {}
        for _ in range(ROUNDS):
            times[plan.config.images] = expected.middle
            images = _rounded(min(_aimed(times, plan.config.images, goal), float(most)), plan.config.batch)
            if abs(expected.middle / goal - 1) < CLOSE or images == plan.config.images:
                break
            plan, before = again(images), prepared
            prepared, busy = _lengthened(before, plan, device), max(busy, expected.others)
            expected = time_of(prepared, device, tried=expected.tried if _is_same(before, prepared) else None)
    except TimingError as error:
        if minutes is None:
            return plan
        raise _untimed(error) from error
    why = f"{expected} here, by timing"
    why += "" if minutes is not None else "; --minutes or --images sets another length"
    chosen = DefaultChoice("--images", f"{plan.config.images:,}", why)
    others = [choice for choice in plan.choices if choice.flag != "--images"]
    given = {name: by_flag for name, by_flag in plan.given.items() if name != "images"}
    timing = Timing(prepared.precision, expected.tried, max(busy, expected.others))
    return replace(plan, given=given, choices=(*others, chosen), timing=timing)


def _aimed(times: dict[int, float], last: int, goal: float) -> float:
    """The number of images that takes `goal` seconds, by the times of the numbers tried so far, `last` the latest.

    It is in proportion to the last one, until some that took less and some that took more are near each other: then it
    is on the line between these, since in proportion alone the tries of a run that grows swing to and fro.
    """
    near = last * goal / times[last]
    below = max(((images, time) for images, time in times.items() if time <= goal), default=(0, 0.0))
    beyond = min(((images, time) for images, time in times.items() if time > goal), default=(math.inf, math.inf))
    if below[0] >= beyond[0] or (below[0] < near < beyond[0] and beyond[0] > NEAR * below[0]) or math.inf in beyond:
        return near
    return below[0] + (goal - below[1]) * (beyond[0] - below[0]) / (beyond[1] - below[1])


def _prepared(plan: Plan, device: torch.device, precision: Precision | None = None) -> PreparedRun:
    images, class_names = counts(plan.config, plan.components.source)
    return prepare(
        plan.config, plan.components, images, class_names, device,
        given=plan.given, precision=precision, initial=plan.initial,
    )  # fmt: skip


def _lengthened(before: PreparedRun, plan: Plan, device: torch.device) -> PreparedRun:
    """The same run with the length of this plan, on which its networks may depend."""
    if plan.config.arch == before.config.arch and plan.config.batch == before.config.batch:
        return replace(before, config=plan.config)
    return _prepared(plan, device, before.precision)


def _is_same(one: PreparedRun, other: PreparedRun) -> bool:
    """True if a step of both takes the same time: networks of the same weights, that learn from as many images."""

    def shapes(prepared: PreparedRun) -> list[torch.Size]:
        return [weight.shape for network in prepared.gan.networks for weight in network.parameters()]

    return one.config.batch == other.config.batch and shapes(one) == shapes(other)


def _rounded(images: float, least: int) -> int:
    """A number of two digits and zeros, and a batch at the least."""
    digits = int(10 ** max(0, math.floor(math.log10(max(images, 1))) - 1))
    return max(least, round(images / digits) * digits)
