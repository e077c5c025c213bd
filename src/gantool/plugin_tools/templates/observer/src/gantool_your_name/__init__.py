"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


class YourNameOptions(gantool.Options):
    """Options of `your-name`; they become `--log your-name:file=losses.csv`."""

    file: str = gantool.option("your-name.csv", "name of the file in the run's folder", pattern=r"^\w[\w.-]*$")


@gantool.hookimpl
def gantool_observers() -> list[gantool.Component]:
    """One observer."""
    factory = "gantool_your_name.observer:Table"
    return [gantool.Component("your-name", "Losses as a table that spreadsheets read", YourNameOptions, factory)]
