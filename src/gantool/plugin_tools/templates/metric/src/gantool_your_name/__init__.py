"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--metric your-name:quantiles=9`."""

    quantiles: int = gantool.option(19, "quantiles of brightness that are compared", ge=1, le=999)


@gantool.hookimpl
def gantool_metrics() -> list[gantool.Component]:
    """One metric, which needs no extractor."""
    factory = "gantool_your_name.brightness:Brightness"
    return [gantool.Component("your-name", "How bright samples are beside the data", YourNameOptions, factory)]
