"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class Blobs(gantool.Options):
    """Options of `blobs`; they become `--arch blobs:width=32`."""

    width: int = gantool.option(32, "channels of every layer", ge=8)


@gantool.hookimpl
def gantool_architectures() -> list[gantool.Architecture]:
    """One architecture, with the recipe it trains well by."""
    recipe = gantool.Recipe(loss="hinge", learning_rate=2e-4, betas=(0.0, 0.9), batch=32, images=50_000)
    sizes = (16, 32, 64, 128)
    return [gantool.Architecture("blobs", "Blobs by convolution", Blobs, "gantool_blobs.model:build", recipe, sizes)]
