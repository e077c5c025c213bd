"""Export: a generator that was traced once draws batches of any size."""

import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr

import torch
from torch import Tensor, nn

from gantool.api.networks import Images, Labels
from gantool.testing.networks import Case, latents, set_mode

N = 6
"""A number that networks have no other use for, so that it is not taken for another size."""
FIXED = "specialized it to be a constant"
"""The words of torch's error where a dynamic size has become a Python number."""


def exported_generators_take_any_batch(case: Case) -> Iterator[str]:
    """Exported by torch.export, the generator takes batches of any size.

    One that cannot be exported for another reason is not at fault: no run needs it.
    """
    gan = case.build()
    set_mode(gan, training=False)
    if FIXED in _refusal(gan.generator, latents(gan, N), case.labels(N)):
        yield (
            f"exported by torch.export with an open batch, the generator takes batches of {N} alone, the size that it "
            "was exported with. Use z.shape[0] instead of len(z), convert it to no int, and loop over no samples."
        )


class _Drawing(nn.Module):
    """The generator, by a call whose arguments have names of their own."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, z: Tensor, labels: Labels) -> Images:
        """Its pictures."""
        images: Images = self.generator(z, labels)
        return images


def _refusal(generator: nn.Module, z: Tensor, labels: Labels) -> str:
    """The error of torch.export; empty where it succeeds, or where torch has no export."""
    export = getattr(getattr(torch, "export", None), "export", None)
    if export is None:
        return ""
    batch = torch.export.Dim("batch")
    shapes = {"z": {0: batch}, "labels": None if labels is None else {0: batch}}
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # torch writes pages about what it cannot trace
    try:
        with redirect_stderr(io.StringIO()):  # and prints the graph
            export(_Drawing(generator), (z, labels), dynamic_shapes=shapes)
    except Exception as error:
        return str(error)
    finally:
        logging.disable(before)
    return ""
