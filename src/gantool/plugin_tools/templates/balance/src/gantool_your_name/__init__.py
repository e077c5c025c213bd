"""What this plugin offers. It imports no torch: `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--balance your-name:ceiling=0.8`."""

    ceiling: float = gantool.option(0.9, "accuracy beyond which the discriminator rests for a batch", gt=0.5, le=1)


@gantool.hookimpl
def gantool_balances() -> list[gantool.Component]:
    """One strategy."""
    factory = "gantool_your_name.balance:RestAfterWinning"
    return [gantool.Component("your-name", "A winning discriminator rests for a batch", YourNameOptions, factory)]
