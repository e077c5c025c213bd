"""The time that a style transfer will take, by a few steps on small copies of the content."""

import time
from contextlib import suppress
from dataclasses import replace

import torch

from gantool.data.pictures.whole import Picture
from gantool.engine.devices import pick_device
from gantool.engine.spans import Others
from gantool.pixels import to_uint8
from gantool.style.job import StyleSetup, as_image, stylize
from gantool.style.pyramid import framed_pixels, shrunk
from gantool.style.transfer import course, optimizer_of

SIDES, STEPS = (48.0, 160.0), 3
"""The longer sides of the copies, and their steps, of which the first sets up the kernels."""
SPREAD = (0.75, 1.6)
"""The least and the most, relative to what follows from the copies: a search along a line may take more than one try,
and memory slows large pictures."""


def expected_seconds(content: Picture, setup: StyleSetup) -> tuple[float, float] | None:
    """The least and the most seconds that the transfer should take; None where that cannot be tried."""
    others = Others()
    tried: dict[int, float] = {}
    with suppress(Exception), torch.random.fork_rng(devices=[]):  # what fails here, the transfer tells better
        for side in SIDES:
            pixels, seconds = _tried(content, setup, side)
            tried[pixels] = seconds
    if not tried:
        return None
    each, fixed = _line(tried)
    optimizer = optimizer_of(setup.settings, setup.style_loss) if setup.style_loss else "lbfgs"
    height, width = content.pixels.shape[-2:]
    sizes, steps, _ = course(height, width, setup.settings, optimizer)
    seconds = sum(count * (fixed + each * framed_pixels(*size)) for size, count in zip(sizes, steps, strict=True))
    faster, slower = others.spread() if pick_device(setup.device).type == "cpu" else (0.0, 0.0)
    return SPREAD[0] * (1 - faster) * seconds, (SPREAD[1] + slower) * seconds


def _tried(content: Picture, setup: StyleSetup, side: float) -> tuple[int, float]:
    """The pixels of a copy and the seconds of a step on it."""
    copy = shrunk(as_image(content, torch.device("cpu")), side)
    settings = replace(setup.settings, steps=STEPS, scales=1, start="content", preserve_color="no", tile=None)
    seconds: list[float] = []
    began = time.perf_counter()
    for _ in stylize(Picture(to_uint8(copy)[0], None), replace(setup, settings=settings, masks=[])):
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
    height, width = copy.shape[-2:]
    return framed_pixels(height, width), min(seconds[1:])


def _line(tried: dict[int, float]) -> tuple[float, float]:
    """The seconds of a pixel and of a step without any, neither below 0."""
    (few, least), (many, most) = min(tried.items()), max(tried.items())
    each = max(0.0, most - least) / (many - few) if many > few else most / many
    return each, max(0.0, least - each * few) if many > few else 0.0
