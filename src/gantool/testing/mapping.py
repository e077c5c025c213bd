"""Generators with an intermediate latent space: `map` and `synthesize` are `forward` in two steps."""

from collections.abc import Iterator

import torch

from gantool.api.networks import MappedGenerator
from gantool.testing.networks import Case, awaken, drawn, far_apart, latents, seeded, set_mode


def map_and_synthesize_are_forward(case: Case) -> Iterator[str]:
    """synthesize(map(z, labels)) draws what forward(z, labels) draws, in evaluation mode."""
    gan = awaken(case.build())
    set_mode(gan, training=False)
    generator, z, labels = gan.generator, latents(gan), case.labels()
    if not isinstance(generator, MappedGenerator):
        return
    with torch.no_grad():
        w = generator.map(z, labels)
        if len(w) != len(z) or not bool(torch.isfinite(w).all()):
            yield f"map(z, labels) gives {list(w.shape)} for {len(z)} latents; return finite numbers, one row for each."
            return
        with seeded(0):
            images = generator.synthesize(w)
    whole = drawn(gan, z, labels)
    if [level.shape for level in images] != [level.shape for level in whole] or far_apart(images, whole):
        yield (
            "synthesize(map(z, labels)) draws other pictures than forward(z, labels), in evaluation mode: sampling "
            "and interpolation work in w, which would not be what was trained. Let forward call both."
        )
