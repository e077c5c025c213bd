"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--extractor your-name:directions=12`."""

    directions: int = gantool.option(8, "directions of the edge filters", ge=2, le=64)


@gantool.hookimpl
def gantool_extractors() -> list[gantool.Component]:
    """One extractor, which needs no weights."""
    factory = "gantool_your_name.features:Edges"
    return [gantool.Component("your-name", "Edges and colours at three scales", YourNameOptions, factory)]
