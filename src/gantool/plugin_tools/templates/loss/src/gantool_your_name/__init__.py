"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--loss your-name:margin=2`."""

    margin: float = gantool.option(
        1.0, "margin: logit beyond which a sample has no gradient for the discriminator", gt=0
    )


@gantool.hookimpl
def gantool_losses() -> list[gantool.Component]:
    """One loss."""
    factory = "gantool_your_name.loss:SquaredHinge"
    return [gantool.Component("your-name", "Hinge loss, squared: smooth at the margin", YourNameOptions, factory)]
