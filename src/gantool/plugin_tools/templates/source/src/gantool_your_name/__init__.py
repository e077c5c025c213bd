"""What this plugin offers. It imports no torch: `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--data your-name:count=500`."""

    count: int = gantool.option(2000, "how many pictures there are", ge=1)
    seed: int = gantool.option(0, "another seed draws other pictures", ge=0)


@gantool.hookimpl
def gantool_sources() -> list[gantool.Component]:
    """One source of pictures."""
    factory = "gantool_your_name.pictures:Rings"
    return [gantool.Component("your-name", "Coloured rings and discs", YourNameOptions, factory)]
