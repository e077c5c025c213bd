"""Labels: both networks make something of them, where there are classes."""

from collections.abc import Iterator

import torch

from gantool.testing.networks import Case, awaken, drawn, far_apart, judged, latents, set_mode


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
    if not far_apart((judged(gan, images, first),), (judged(gan, images, second),)):
        yield (
            "the discriminator gives the same logits for every label, so the generator cannot learn what labels mean. "
            "Join the label to its input, or use a projection (Miyato and Koyama 2018)."
        )
