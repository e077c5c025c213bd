"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--arch your-name:width=16`."""

    width: int = gantool.option(32, "channels at full size; up to eight times as many at 4 pixels", ge=4)


@gantool.hookimpl
def gantool_architectures() -> list[gantool.Architecture]:
    """One architecture, with the recipe it trains well by."""
    recipe = gantool.Recipe(loss="hinge", learning_rate=5e-4, betas=(0.0, 0.9), batch=16)
    return [
        gantool.Architecture(
            "your-name",
            "Blocks that double the pictures' side, and blocks that halve it",
            YourNameOptions,
            "gantool_your_name.networks:build",
            recipe,
            resolutions=(8, 16, 32, 64, 128, 256),
        )
    ]
