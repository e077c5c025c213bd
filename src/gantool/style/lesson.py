"""The settings by which a style network learns."""

from dataclasses import dataclass, field
from math import inf

from gantool.errors import OptionError
from gantool.style.network import BLOCKS, WIDTHS
from gantool.style.settings import Settings

LIMITS = {
    "size": (32, 1024), "style_size": (2, inf), "images": (1, inf), "minutes": (0.01, inf), "batch": (1, 256),
    "width": WIDTHS, "blocks": BLOCKS, "stability": (0, inf), "seed": (0, inf),
}  # fmt: skip
"""The least and the most of each setting; none may be infinite itself."""


@dataclass(frozen=True)
class Lesson:
    """The settings by which a network learns a style.

    `size` is the side of the photos in pixels, `style_size` the longer side of the style image (None: twice that).
    Training ends after `images` photos or after `minutes`, whichever comes first of those given. The weights are those
    of `Settings`; `stability` weighs the change that slight noise and a shift of the photo make.
    """

    size: int = 256
    style_size: int | None = None
    images: int | None = 40_000
    minutes: float | None = None
    batch: int = 2
    width: int = 16
    blocks: int = 5
    stability: float = 1.0
    seed: int = 0
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not (least <= value <= most and value < inf):
                limit = f"from {least:g} to {most:g}" if most < inf else f"a number of at least {least:g}"
                raise OptionError(f"{name} is {limit}, not {value}.")
        if self.images is None and self.minutes is None:
            raise OptionError("A lesson ends after so many images or minutes: give one of them.")

    def done(self, images_seen: int, seconds: float) -> float:
        """The share of the training that is done after so many photos and seconds."""
        by_images = 0.0 if self.images is None else images_seen / self.images
        by_time = 0.0 if self.minutes is None else seconds / (60 * self.minutes)
        return min(1.0, max(by_images, by_time))

    @property
    def longest(self) -> int:
        """The longer side at which the style image is measured, at most."""
        return self.style_size or 2 * self.size
