"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--augment your-name:chance=0.3`."""

    chance: float = gantool.option(
        0.5, "chance of a picture to be turned; at 1 the generator would learn it", ge=0, lt=1
    )


@gantool.hookimpl
def gantool_augmentations() -> list[gantool.Component]:
    """One augmentation."""
    factory = "gantool_your_name.augmentation:QuarterTurns"
    return [gantool.Component("your-name", "Quarter turns of some pictures", YourNameOptions, factory)]
