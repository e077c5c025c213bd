"""Values for options at "auto", computed when a run begins. Imports no torch."""

import math

import gantool
from gantool_r3gan import FallingOptions, R3ganOptions

GAMMA_AT_64 = 2.0
RISE = math.log(75) / math.log(256 / 64)
"""The paper's gammas are 2 for FFHQ at 64 pixels and 150 at 256, which a power of the side joins: 0.23 at 32."""


def widths(options: R3ganOptions, setting: gantool.Setting) -> tuple[R3ganOptions, str]:
    """Options with the width that a run of this length can train, and why; the paper's needs millions of images."""
    width = 96 if setting.images < 200_000 else 256 if setting.images < 2_000_000 else 768
    return options.model_copy(update={"width": width}), f"as wide as {setting.images:,} images can train"


def gamma(options: FallingOptions, setting: gantool.Setting) -> tuple[FallingOptions, str]:
    """Options with gamma for this resolution, and with the run's length; and why."""
    update: dict[str, float] = {}
    if options.weight == "auto":
        update["weight"] = float(f"{GAMMA_AT_64 * (setting.resolution / 64) ** RISE:.2g}")
    if options.images == "auto":
        update["images"] = setting.images
    return options.model_copy(update=update), f"gamma for {setting.resolution} pixels, between the paper's"


def channels(options: R3ganOptions, side: int) -> int:
    """Channels of the maps of this side, rounded so that a block's inside splits into whole groups."""
    width = 768 if options.width == "auto" else options.width
    unit = options.group // math.gcd(options.group, options.expansion)
    return max(unit, (width * 32 // max(side, 32)) // unit * unit)
