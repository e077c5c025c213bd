"""The time that a style transfer will take, by a few steps on a small copy of the content."""

import time
from contextlib import suppress
from dataclasses import replace

import torch

from gantool.data.pictures.whole import Picture
from gantool.pixels import to_uint8
from gantool.style.job import StyleSetup, as_image, stylize
from gantool.style.pyramid import MARGIN, shrunk
from gantool.style.transfer import course, optimizer_of

SIDE, STEPS = 160.0, 3
"""The longer side of the copy, and its steps, of which the first sets up the kernels."""
SPREAD = (0.75, 1.6)
"""The least and the most, relative to what follows from the pixels: small pictures use a machine less well, and a
search along a line may take more than one try."""


def expected_seconds(content: Picture, setup: StyleSetup) -> tuple[float, float] | None:
    """The least and the most seconds that the transfer should take; None where that cannot be tried."""
    copy = shrunk(as_image(content, torch.device("cpu")), SIDE)
    height, width = copy.shape[-2:]
    small = Picture(to_uint8(copy)[0], None)
    settings = replace(setup.settings, steps=STEPS, scales=1, start="content", preserve_color="no", tile=None)
    seconds: list[float] = []
    with suppress(Exception), torch.random.fork_rng(devices=[]):  # what fails here, the transfer tells better
        began = time.perf_counter()
        for _ in stylize(small, replace(setup, settings=settings, masks=[])):
            seconds.append(time.perf_counter() - began)
            began = time.perf_counter()
    if len(seconds) < STEPS:
        return None
    each = min(seconds[1:]) / ((height + 2 * MARGIN) * (width + 2 * MARGIN))
    optimizer = optimizer_of(setup.settings, setup.style_loss) if setup.style_loss else "lbfgs"
    whole_height, whole_width = content.pixels.shape[-2:]
    _, _, work = course(whole_height, whole_width, setup.settings, optimizer)
    least, most = (each * sum(work) * share for share in SPREAD)
    return least, most
