"""The widths of networks, and the choice of `auto`. It imports no torch."""

from dataclasses import dataclass
from typing import TypeVar

from gantool.api.specs import AUTO, Setting
from gantool.builtin.architectures import DcganOptions, EqualizedOptions

PAPER_BASE, PAPER_MOST = 8192, 512
"""`fmap_base` and `fmap_max` of Karras et al. 2018, table 2."""
BASES = ((100_000, 512), (1_000_000, 2048))
"""The `fmap_base` for runs shorter than these numbers of images; longer ones get the paper's."""
LEAST = 16
"""The least channels at full resolution that `auto` chooses: the paper's at 1024 pixels."""
PAPER_WIDTH, CPU_WIDTH, CPU_SIDE = 64, 32, 64
"""`width` of `dcgan`: that of Radford et al. 2015, and that by which a CPU learns more in equal time, from so many
pixels on (benchmarks/recipes)."""

Chosen = TypeVar("Chosen", bound=EqualizedOptions)


@dataclass(frozen=True)
class FeatureMaps:
    """Channels at every resolution (table 2): min(base / 2^stage, most), stage 1 being 4 pixels."""

    base: int
    most: int

    def at(self, side: int) -> int:
        """Channels of the layers at this resolution."""
        return max(1, min(self.base * 2 // side, self.most))


def feature_maps(options: EqualizedOptions) -> FeatureMaps:
    """The widths of the options; a remaining `auto` means the paper's, with its ratio of `most` to `base`."""
    base = PAPER_BASE if options.fmap_base == AUTO else int(options.fmap_base)
    most = min(PAPER_MOST, max(base // 8, 8)) if options.fmap_max == AUTO else int(options.fmap_max)
    return FeatureMaps(base, most)


def settle(options: Chosen, setting: Setting) -> tuple[Chosen, str]:
    """Options with `auto` replaced by widths that a run of so many images can train."""
    chosen = options.fmap_base == AUTO
    if chosen:
        base = next((base for limit, base in BASES if setting.images < limit), PAPER_BASE)
        base = min(max(base, LEAST * setting.resolution // 2), PAPER_BASE)
        options = options.model_copy(update={"fmap_base": base})
    options = options.model_copy(update={"fmap_max": feature_maps(options).most})
    if not chosen:
        return options, "fmap_max in proportion to fmap_base"
    return options, f"as wide as {setting.images:,} images at {setting.resolution} pixels can train"


def settle_dcgan(options: DcganOptions, setting: Setting) -> tuple[DcganOptions, str]:
    """Options with `auto` replaced by the width that learns most on the run's device."""
    if options.width != AUTO:
        return options, ""
    if setting.device == "cpu" and setting.resolution >= CPU_SIDE:
        return options.model_copy(update={"width": CPU_WIDTH}), (
            f"width {CPU_WIDTH}, since a CPU learns more by it in equal time than by {PAPER_WIDTH}"
        )
    return options.model_copy(update={"width": PAPER_WIDTH}), f"width {PAPER_WIDTH}, that of the paper"
