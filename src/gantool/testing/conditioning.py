"""Conditioning: pictures depend on the latent, and on the label where there are classes."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from gantool.api.networks import Gan, Images
from gantool.engine.judging import sides_seen
from gantool.testing.networks import Case, awaken, copied, drawn, far_apart, judged, latents, same, seeded, set_mode
from gantool.testing.recipe import pairs_reals, penalties_of


def latents_matter(case: Case) -> Iterator[str]:
    """Other latents give other pictures, in each stage.

    Parameters at zero are given values first: what joins the latent may begin there.
    """
    gan = awaken(case.build())
    set_mode(gan, training=False)
    z, labels = latents(gan), case.labels()
    for stage in case.stages(gan):
        gan.advance(stage.start)
        if same(drawn(gan, z, labels), drawn(gan, z.roll(1, dims=0), labels)):
            when = f", in the stage from {stage.start} images on" if stage.start else ""
            yield (
                f"the generator draws the same pictures whatever the latent{when}. Let z reach the pixels: nothing may "
                "multiply it by 0, overwrite it, or replace it by noise of the generator's own."
            )
            return


def labels_matter(case: Case) -> Iterator[str]:
    """Pictures change with the label, and so does what the generator learns by, where there are classes.

    Parameters at zero are given values first: an embedding may begin there.
    """
    if not case.shape.classes:
        return
    gan = awaken(case.build())
    set_mode(gan, training=False)
    z = latents(gan)
    first, second = (torch.full((len(z),), label) for label in (0, case.shape.classes - 1))
    images = drawn(gan, z, first)
    if not far_apart(images, drawn(gan, z, second)):
        yield (
            "the generator draws the same pictures for every label. Join an embedding or a one-hot vector of the "
            "label to z; or, if it is not made for labels, raise a gantool.GantoolError that says so in the factory, "
            "where shape.classes is not 0."
        )
    if gan.discriminator is None or far_apart((judged(gan, images, first),), (judged(gan, images, second),)):
        return
    one, other = (_taught(case, gan, images, labels) for labels in (first, second))
    if not far_apart(one, other):
        yield (
            "the discriminator gives the same logits for every label, and so do the generator's terms and the "
            "recipe's penalties of it: the generator cannot learn what labels mean. Join the label to the "
            "discriminator's input, use a projection (Miyato and Koyama 2018), or teach classes by a term of the "
            "generator's step (AC-GAN, Odena et al. 2017)."
        )


def _taught(case: Case, gan: Gan, images: Images, labels: Tensor) -> tuple[Tensor, ...]:
    """Terms and penalties of the generator's step, for the same pictures whatever their labels."""
    z = latents(gan)
    twin = copied(gan)
    _fix_pictures(twin.generator, torch.zeros_like(labels))
    due = [each for penalties in penalties_of(case) for each in penalties if each.side == "generator"]
    with seeded(0):
        seen = sides_seen(gan, z, labels, images, gan.view(case.reals()), pairs_reals(case))
        terms = twin.terms("generator", seen["generator"])
        penalties = [each(twin.generator, z, labels) for each in due]
    return tuple(values.detach() for values in (*terms.values(), *penalties))


def _fix_pictures(generator: nn.Module, fixed: Tensor) -> None:
    """Let a generator draw what it draws for these labels, whatever labels it is given."""
    for name in ("forward", "map"):
        method = getattr(generator, name, None)
        if method is not None:
            setattr(generator, name, lambda z, labels=None, method=method: method(z, fixed))
