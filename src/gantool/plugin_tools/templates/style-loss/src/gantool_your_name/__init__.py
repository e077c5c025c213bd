"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--style-loss your-name:spread=2`."""

    spread: float = gantool.option(1.0, "weight of the standard deviations beside the means", ge=0)


@gantool.hookimpl
def gantool_style_losses() -> list[gantool.Component]:
    """One style loss."""
    factory = "gantool_your_name.style_loss:Moments"
    return [gantool.Component("your-name", "Mean and standard deviation of each feature", YourNameOptions, factory)]
