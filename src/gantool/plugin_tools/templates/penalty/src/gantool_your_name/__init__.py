"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--penalty your-name:weight=0.5,every=4`."""

    weight: float = gantool.option(1.0, "strength of the penalty", ge=0)
    noise: float = gantool.option(0.05, "standard deviation of the noise; pictures are in [-1, 1]", gt=0)
    every: int = gantool.option(1, "apply on every n-th step, n times as strongly", ge=1)


@gantool.hookimpl
def gantool_penalties() -> list[gantool.Component]:
    """One penalty of the discriminator."""
    factory = "gantool_your_name.penalty:Steadiness"
    return [gantool.Component("your-name", "The same answer for a noisy real picture", YourNameOptions, factory)]
