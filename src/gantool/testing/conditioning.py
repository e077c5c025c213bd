"""What pictures hang on: the latent, and the label where there are classes."""

from collections.abc import Iterator

import torch

from gantool.testing.networks import Case, awaken, drawn, far_apart, judged, latents, same, set_mode


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
    """Pictures and logits change with the label, where there are classes.

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
    if gan.discriminator is not None and not far_apart((judged(gan, images, first),), (judged(gan, images, second),)):
        yield (
            "the discriminator gives the same logits for every label, so the generator cannot learn what labels mean. "
            "Join the label to its input, or use a projection (Miyato and Koyama 2018)."
        )
