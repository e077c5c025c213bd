"""A gantool plugin: `stacked-digits:path=FOLDER`, three random digits in the three channels of a picture, 1,000 modes.

Stacked MNIST (Metz et al. 2017, section 3.3.1). FOLDER holds one sub-folder of digit pictures for each digit, 0 to 9.
Without a path the digits are those of torchvision's MNIST, if its files are in gantool's cache.
"""

import gantool


class StackedOptions(gantool.Options):
    """What `stacked-digits` takes."""

    path: str = gantool.option(
        "", "folder of digits, in sub-folders 0 to 9; empty: torchvision's MNIST, if it is there"
    )
    count: int = gantool.option(50_000, "how many stacks there are", ge=1, le=10_000_000)
    seed: int = gantool.option(0, "another seed, other stacks of the same digits", ge=0)


def natural(options: StackedOptions) -> gantool.ImageShape:
    """The size of MNIST; a channel for each digit."""
    return gantool.ImageShape(28, 3)


@gantool.hookimpl
def gantool_sources() -> list[gantool.Component]:
    """The one source; `images` is that of `shapes`, so that it gets the recipes for short runs."""
    return [
        gantool.Component(
            "stacked-digits",
            "Three random digits, one in each channel: 1,000 modes",
            StackedOptions,
            "stacked_digits.source:build",
            natural="stacked_digits:natural",
            images=24_000,
        )
    ]
