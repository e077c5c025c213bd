"""The table of `gantool plugins check`."""

from rich.console import Console

from gantool.cli.plugins_check import _table
from gantool.plugin_tools.doctor import ComponentReport, PluginReport


def test_a_component_that_needs_an_option_is_not_tried_and_told_how_a_test_tries_it(capsys):
    tried = ComponentReport("style-loss", "near", [], needs=["path", "side"])
    waiting = ComponentReport("loss", "kept", [], needs=["architecture blobs"])
    Console(width=200).print(_table([PluginReport("own", "own", "1.0", "installed", components=[tried, waiting])]))
    shown = capsys.readouterr().out
    assert "not tried: needs path, side" in shown
    assert "check_style_loss('near:path=...,side=...') of gantool.testing tries it, with a value, in a test" in shown
    assert shown.count("gantool.testing") == 1
