"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--data your-name:count=500`."""

    count: int = gantool.option(2000, "number of pictures", ge=1)
    seed: int = gantool.option(0, "another seed draws other pictures", ge=0)


@gantool.hookimpl
def gantool_sources() -> list[gantool.Component]:
    """One source of pictures."""
    factory = "gantool_your_name.pictures:Rings"
    return [gantool.Component("your-name", "Coloured rings and discs", YourNameOptions, factory)]
