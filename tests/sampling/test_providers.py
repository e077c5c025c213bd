"""Why the architecture of a model is not usable here, by its provider."""

import pytest

from gantool.engine.model_file import ModelCard
from gantool.errors import PluginError, UnknownNameError
from gantool.plugins.host import PluginHost
from gantool.plugins.status import Plugin
from gantool.sampling.providers import unusable

ABSENT = UnknownNameError("There is no architecture 'flat'.")


def why(provider, raised=ABSENT, **plugin):
    plugins = [Plugin("flat", "gantool-flat", "2.0", "installed", **plugin)] if plugin else []
    card = ModelCard(architecture="flat", resolution=8, channels=3, images_seen=1, provider=provider)
    plugins_here = PluginHost(third_party=False, environ={})
    plugins_here._plugins = plugins
    return unusable(plugins_here, card, raised)


@pytest.mark.parametrize(
    ("provider", "plugin", "told"),
    [
        ("gantool-flat", {}, "'gantool plugins install gantool-flat' brings it where its author has published it"),
        ("flat_plugin", {}, "flat_plugin is not here: --plugins-dir or GANTOOL_PLUGINS_DIR names the folder"),
        (
            "gantool-flat",
            {"status": "blocked", "error": "GANTOOL_BLOCK_PLUGINS names it"},
            "Plugin gantool-flat 2.0 is blocked: GANTOOL_BLOCK_PLUGINS names it.",
        ),
        ("gantool-flat", {"status": "ok", "error": None}, str(ABSENT)),
        ("gantool-stylegan2", {}, str(ABSENT)),
    ],
)
def test_a_provider_that_is_not_here_is_told_with_the_way_to_it(provider, plugin, told):
    assert told in why(provider, **plugin)


def test_another_error_is_told_as_it_is():
    assert why("gantool-flat", PluginError("It is broken.")) == "It is broken."
