"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--balance your-name:ceiling=0.8`."""

    ceiling: float = gantool.option(0.9, "accuracy beyond which the discriminator skips a batch", gt=0.5, le=1)


@gantool.hookimpl
def gantool_balances() -> list[gantool.Component]:
    """One strategy."""
    factory = "gantool_your_name.balance:SkipWhenWinning"
    return [gantool.Component("your-name", "A winning discriminator skips a batch", YourNameOptions, factory)]
