"""Why the architecture of a model is not usable here, by its provider."""

from pathlib import Path

import pytest

from gantool.engine.model_file import ModelCard
from gantool.errors import PluginError, UnknownNameError
from gantool.plugins.host import PluginHost
from gantool.plugins.status import Plugin
from gantool.sampling import providers
from gantool.sampling.providers import missing, unusable

ABSENT = UnknownNameError("There is no architecture 'flat'.")


def why(provider, raised=ABSENT, explain=unusable, **plugin):
    plugins = [Plugin("flat", "gantool-flat", "2.0", "installed", **plugin)] if plugin else []
    card = ModelCard(architecture="flat", resolution=8, channels=3, images_seen=1, provider=provider)
    plugins_here = PluginHost(third_party=False, environ={})
    plugins_here._plugins = plugins
    return explain(plugins_here, card, raised)


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


@pytest.fixture
def resuming(monkeypatch):
    def explain(plugins, card, error):
        monkeypatch.setattr(providers, "generator_file", lambda model: model)
        monkeypatch.setattr(providers, "read_card", lambda model: card)
        return missing(plugins, Path("run"), error)

    return explain


@pytest.mark.parametrize(
    ("provider", "plugin", "told"),
    [
        ("flat_plugin", {}, f"{ABSENT} It was the architecture of flat_plugin. flat_plugin is not here: --plugins-dir"),
        ("gantool-flat", {"status": "ok", "error": None}, f"{ABSENT} It was the architecture of gantool-flat."),
    ],
)
def test_an_architecture_without_which_no_run_resumes_is_told_with_its_provider(resuming, provider, plugin, told):
    assert why(provider, explain=resuming, **plugin).startswith(told)


def test_a_provider_that_the_error_names_is_not_named_again(resuming):
    broken = PluginError("Architecture 'flat' is not available: plugin gantool-flat 2.0 is broken (no reason).")
    assert why("gantool-flat", broken, resuming, status="broken", error="no reason") == str(broken)
