"""Randomness: all of it comes from torch's generators, which a run seeds at each step."""

from collections.abc import Iterator
from functools import partial

import torch

from gantool.api.networks import Images, Logits
from gantool.testing.networks import Case, copied, drawn, judged, latents, networks, same, set_mode
from gantool.testing.seeding import SEEDS, repeats, seeds_torch


def a_seed_builds_the_same_networks(case: Case) -> Iterator[str]:
    """Built twice under the same seed of torch's, the networks have the same weights."""
    one, other = case.build(), case.build()
    for (title, first), (_, second) in zip(networks(one), networks(other), strict=True):
        states = first.state_dict(), second.state_dict()
        odd = [name for name in states[0] if name not in states[1] or not same(states[0][name], states[1][name])]
        if odd:
            yield (
                f"{odd[0]} of the {title} differs when it is built twice under the same seed. Draw weights by torch "
                "(torch.randn, nn.init), not by numpy or random."
            )


def noise_follows_torchs_seed(case: Case) -> Iterator[str]:
    """The same input under the same seed of torch's gives the same pictures and logits, in both modes."""
    built = case.build()
    z, labels = latents(built), case.labels()

    # Of copies: training may change what is remembered, as spectral normalisation does.
    def pictures() -> Images:
        return drawn(copied(built), z, labels)

    def logits() -> Logits:
        gan = copied(built)
        return judged(gan, drawn(gan, z, labels), labels)

    for training in (False, True):
        set_mode(built, training)
        for title, draw in (("generator draws other pictures", pictures), ("discriminator gives other logits", logits)):
            if not repeats(draw):
                mode = "training" if training else "evaluation"
                yield (
                    f"the {title} for the same input under the same seed, in {mode} mode. Draw noise and choices by "
                    "torch (torch.randn, torch.rand), not by numpy, random or a generator of your own: a "
                    "resumed run could not repeat them."
                )
                return


def networks_do_not_seed(case: Case) -> Iterator[str]:
    """Neither building, drawing nor judging seeds torch's generator."""
    gan = case.build()
    z, labels = latents(gan), case.labels()
    images = drawn(gan, z, labels)
    calls = {"factory": partial(case.resolved.build, case.shape), "generator": partial(gan.generator, z, labels)}
    if gan.discriminator is not None:
        calls["discriminator"] = partial(gan.discriminator, images, labels)
    for title, call in calls.items():
        with torch.no_grad():
            if seeds_torch(call):
                yield f"its {title} {SEEDS}"
