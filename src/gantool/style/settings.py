"""The settings of a style transfer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from gantool.errors import OptionError

LIMITS = {"steps": (1, inf), "scales": (1, 12), "style_scale": (0.05, 20.0), "tile": (0, inf), "seed": (0, inf)}
"""The least and the most of settings; those of the command are the same."""

OptimizerName = Literal["auto", "lbfgs", "adam"]
PreserveColor = Literal["no", "luminance", "match"]


@dataclass(frozen=True)
class Settings:
    """The settings of a style transfer. Weights of 1 suit most pictures, whatever the extractor.

    `steps` are those of the finest scale; coarser ones take a quarter of them, or with Adam as many. `scales` is the
    number of sizes, each half of the next (None: down to about 64 pixels). `style_scale` makes brush strokes larger.
    `start` is the initial image of the coarsest scale. `preserve_color` stylises only lightness, or gives the styles
    the content's colours first. `tile` is the side of tiles in pixels (0: never; None: 768 for images too large to be
    computed whole), which costs time and saves memory. Layers map names to weights; empty means the extractor's choice.
    """

    content_weight: float = 1.0
    style_weight: float = 1.0
    tv_weight: float = 1.0
    steps: int = 100
    scales: int | None = None
    style_scale: float = 1.0
    optimizer: OptimizerName = "auto"
    start: Literal["content", "noise"] = "content"
    preserve_color: PreserveColor = "no"
    tile: int | None = None
    seed: int = 0
    content_layers: Mapping[str, float] = field(default_factory=dict)
    style_layers: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("content_weight", "style_weight", "tv_weight"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise OptionError(f"{name} is a number, 0 or more, not {getattr(self, name)}.")
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                limit = f"from {least:g} to {most:g}" if most < inf else f"at least {least:g}"
                raise OptionError(f"{name} is {limit}, not {value}.")
