"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--optimizer your-name:momentum=0.95`."""

    momentum: float = gantool.option(0.9, "decay rate of the average of gradients", ge=0, lt=1)


@gantool.hookimpl
def gantool_optimizers() -> list[gantool.Component]:
    """One optimizer."""
    factory = "gantool_your_name.optimizer:build"
    return [gantool.Component("your-name", "Steps by the sign of the averaged gradient", YourNameOptions, factory)]
