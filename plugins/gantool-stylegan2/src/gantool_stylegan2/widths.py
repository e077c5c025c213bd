"""The widths of the networks, and the value of `auto`. Imports no torch."""

import gantool
from gantool_stylegan2 import AUTO, StyleGan2

BASES = ((100_000, 1024, 64), (1_000_000, 4096, 256))
"""`channel_base` and `channel_max` that shorter runs than so many images can train."""
LEAST = 16
"""Channels at the finest side that `auto` does not go below."""
PAPER_MOST = 512
LARGE = 512
"""From this side on the reference doubles the channels."""
PAPER_MAPPING = 2


def channels_at(options: StyleGan2, side: int) -> int:
    """Channels of the layers at this side, of resolved options."""
    return max(1, min(int(options.channel_base) // side, int(options.channel_max)))


def sides_up_to(resolution: int) -> list[int]:
    """4, 8, ..., the resolution."""
    return [4 * 2**power for power in range((resolution // 4).bit_length())]


def paper_base(resolution: int) -> int:
    """The reference's `channel_base` (StyleGAN2-ADA, the `auto` configuration)."""
    return 32768 if resolution >= LARGE else 16384


def settle(options: StyleGan2, setting: gantool.Setting) -> tuple[StyleGan2, str]:
    """Options with the widths that a run of this length can train, and why."""
    paper = paper_base(setting.resolution)
    base, most = next(((base, most) for limit, base, most in BASES if setting.images < limit), (paper, PAPER_MOST))
    resolved = _filled(options, min(max(base, LEAST * setting.resolution), paper), most)
    why = []
    if AUTO in (options.channel_base, options.channel_max):
        why.append(f"as wide as {setting.images:,} images at {setting.resolution} pixels can train")
    elif options.latent == AUTO:
        why.append("latent as wide as the widest layer")
    if options.mapping_layers == AUTO:
        why.append(f"{PAPER_MAPPING} mapping layers, as in StyleGAN2-ADA")
    return resolved, "; ".join(why)


def as_in_paper(options: StyleGan2, resolution: int) -> StyleGan2:
    """`auto` replaced by the reference's automatic configuration, where it was not resolved."""
    return _filled(options, paper_base(resolution), PAPER_MOST)


def _filled(options: StyleGan2, base: int, most: int) -> StyleGan2:
    most = most if options.channel_max == AUTO else int(options.channel_max)
    chosen = {"channel_base": base, "channel_max": most, "latent": most, "mapping_layers": PAPER_MAPPING}
    return options.model_copy(update={name: value for name, value in chosen.items() if getattr(options, name) == AUTO})
