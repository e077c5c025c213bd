"""The shapes that an architecture is tried at."""

from collections.abc import Iterator, Sequence
from itertools import product

from gantool.api.specs import Architecture, ImageShape
from gantool.plugins.selection import Chosen

CHANNELS, CLASSES = (3, 1), (0, 3)


def usual(component: Chosen) -> tuple[int, ...]:
    """The two smallest sizes it says it can do, else 16 and 32 pixels."""
    able = component.spec.resolutions if isinstance(component.spec, Architecture) else ()
    return tuple(sorted(able))[:2] or (16, 32)


def shapes(
    resolutions: Sequence[int], channels: Sequence[int] = CHANNELS, classes: Sequence[int] = CLASSES, quick: bool = True
) -> Iterator[ImageShape]:
    """All combinations; with `quick`, each size once."""
    if not quick:
        yield from (ImageShape(*sizes) for sizes in product(resolutions, channels, classes))
        return
    for turn in range(max(len(resolutions), len(channels), len(classes))):
        yield ImageShape(*(values[min(turn, len(values) - 1)] for values in (resolutions, channels, classes)))
