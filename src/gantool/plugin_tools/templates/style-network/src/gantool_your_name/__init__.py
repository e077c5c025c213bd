"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `gantool stylize photo.jpg your-name:tones=4 --fast`."""

    tones: int = gantool.option(4, "tones of each colour", ge=2, le=64)


@gantool.hookimpl
def gantool_style_networks() -> list[gantool.Component]:
    """One style network."""
    factory = "gantool_your_name.network:Poster"
    return [gantool.Component("your-name", "A poster of a few tones", YourNameOptions, factory)]
