"""Values for options at "auto", computed when a run begins. Imports no torch."""

import gantool
from gantool_projected import FastGan, ProjectedOptions

LEAST_SIDE, MOST_SIDE = 64, 256
"""Sides between which features are computed: the network was trained on photos of 224 pixels."""
SHORT, PAPERS = 200_000, 64
"""Images below which a run cannot train the papers' width."""


def settle(options: FastGan, setting: gantool.Setting) -> tuple[FastGan, str]:
    """Options with the width that a run of this length can train, and the side at which features are computed."""
    update: dict[str, int] = {}
    why = []
    if options.width == "auto":
        narrow = 16 if isinstance(options, ProjectedOptions) else 8  # its discriminator costs less for each channel
        update["width"] = narrow if setting.images < SHORT else PAPERS
        why.append(f"as wide as {setting.images:,} images can train")
    if isinstance(options, ProjectedOptions) and options.side == "auto":
        update["side"] = min(max(LEAST_SIDE, setting.resolution), MOST_SIDE)
        why.append(f"features at {update['side']} pixels")
    return options.model_copy(update=update), "; ".join(why)


def number(value: int | str, name: str) -> int:
    """A resolved option. Raises ValueError for one that is still at "auto"."""
    if isinstance(value, str):
        raise ValueError(f"{name} is still at 'auto'; gantool.configure resolves it, or give a number")
    return value
