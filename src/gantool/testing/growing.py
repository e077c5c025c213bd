"""Growth: a pure function of images seen, through stages in which networks and reals fit each other."""

from collections.abc import Iterator

from torch import Tensor

from gantool.api.networks import Gan
from gantool.engine.judging import sides_seen
from gantool.engine.stages import stage_at
from gantool.testing.networks import Case, drawn, judged, latents, networks, same, seeded, set_mode, weights
from gantool.testing.recipe import pairs_reals

IN_ONE_STAGE = (10_000, 1_000_000)
"""Moments at which a Gan that fades in within its only stage is looked at too."""


def clocks(case: Case, gan: Gan) -> list[int]:
    """Moments of a run at which to look: where each stage begins, its middle, and long after the last began."""
    starts = [stage.start for stage in case.stages(gan)]
    if len(starts) == 1:
        return [0, *IN_ONE_STAGE]
    ends = [*starts[1:], 2 * starts[-1]]
    return sorted({clock for start, end in zip(starts, ends, strict=True) for clock in (start, (start + end) // 2)})


def growth_follows_from_images_seen_alone(case: Case) -> Iterator[str]:
    """After advance(n) the networks are the same, whatever they were advanced to before."""
    gan = case.build()
    set_mode(gan, training=False)
    moments = clocks(case, gan)
    first = {}
    for clock in moments:
        gan.advance(clock)
        first[clock] = _seen(case, gan, clock)
    for clock in reversed(moments):
        gan.advance(clock)
        gan.advance(clock)
        if not same(first[clock], _seen(case, gan, clock)):
            yield (
                f"after advance({clock}) its networks or terms depend on what they were advanced to before. Derive all "
                "that grows from images_seen alone: a run resumes from any checkpoint."
            )
            return


def growing_keeps_every_parameter(case: Case) -> Iterator[str]:
    """All parameters exist from the start, and growing leaves their values alone."""
    gan = case.build()
    before = weights(gan)
    for clock in clocks(case, gan):
        gan.advance(clock)
        for title, network in networks(gan):
            after = dict(network.named_parameters())
            odd = before[title].keys() ^ after.keys()
            odd = odd or {name for name in after if not same(after[name].detach(), before[title][name])}
            if odd:
                yield (
                    f"advance({clock}) adds, drops or changes {min(odd)} of the {title}. Optimizers and checkpoints "
                    "hold the parameters that were built. Create all of them in the factory, and let growth choose "
                    "which are used."
                )
                return


def levels_can_be_shown(case: Case) -> Iterator[str]:
    """A generator draws each of its levels, and afterwards again what it drew before."""
    gan = case.build()
    set_mode(gan, training=False)
    z, labels = latents(gan), case.labels()
    before = drawn(gan, z, labels)
    for level in gan.levels():
        gan.show(level)
        side = drawn(gan, z, labels)[-1].shape[-1]
        if side != level:
            yield (
                f"after show({level}) its generator draws pictures of {side} pixels, and levels() names {level}. Let "
                "both agree."
            )
            return
    gan.show(None)
    if not same(before, drawn(gan, z, labels)):
        yield (
            "after show(None) its generator does not draw what it drew before. Let None return to what advance has set."
        )
    odd = [name for name, value in gan.status().items() if not isinstance(value, int | float)]
    if odd:
        yield f"its status() gives {odd[0]!r} as something that is no number. Return numbers: the console shows them."


def _seen(case: Case, gan: Gan, clock: int) -> tuple[Tensor, ...]:
    """The outputs of both networks for the same latents, and the terms of both."""
    z, labels = latents(gan), case.labels()
    images = drawn(gan, z, labels)
    return *images, judged(gan, images, labels), *_terms(case, gan, clock)


def _terms(case: Case, gan: Gan, clock: int) -> Iterator[Tensor]:
    """The values of the terms of both sides, as their steps ask for them."""
    z, labels = latents(gan), case.labels()
    real = gan.view(case.reals(stage_at(case.stages(gan), clock).resolution))
    with seeded(0):
        sides = sides_seen(gan, z, labels, gan.generator(z, labels), real, pairs_reals(case))
        for side, seen in sides.items():
            yield from (values.detach() for values in gan.terms(side, seen).values())
