"""The components of this plugin. It imports no torch, so that `gantool --help` stays fast."""

import gantool


@gantool.hookimpl
def gantool_commands() -> list[gantool.Command]:
    """One command, `gantool your-name`; its function is imported when it is called."""
    function = "gantool_your_name.command:mean"
    return [gantool.Command("your-name", "Draw the mean of many samples of a model.", function)]
