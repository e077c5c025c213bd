"""What this plugin offers. It imports no torch: `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--extractor your-name:directions=12`."""

    directions: int = gantool.option(8, "in which edges are looked for", ge=2, le=64)


@gantool.hookimpl
def gantool_extractors() -> list[gantool.Component]:
    """One extractor, which needs no weights."""
    factory = "gantool_your_name.features:Edges"
    return [gantool.Component("your-name", "Edges and colours at three scales", YourNameOptions, factory)]
