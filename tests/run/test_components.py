"""The components of a run are looked up once, resolved once and built once."""

import gantool
from gantool.api.specs import Setting
from gantool.plugins.host import PluginHost, using
from gantool.run.components import components_of
from gantool.run.forecast import forecast
from gantool.run.resolve import resolve_run
from prepared import prepared

HOST = PluginHost(third_party=False, environ={})
ASKED = {"arch": "mlp:generator_hidden=4,discriminator_hidden=4", "resolution": 8, "batch": 4, "device": "cpu"}


def test_texts_name_the_same_components():
    resolved = resolve_run(HOST, ASKED | {"penalty": ("r1", "clip"), "augment": "ada", "log": ("watch:off=yes",)})
    again = components_of(HOST, resolved.config.model_dump())
    assert again == resolved.components
    assert resolved.config.model_dump() | again.texts() == resolved.config.model_dump()


def test_every_run_has_its_own_observers_unless_log_names_them():
    plain, told = (resolve_run(HOST, ASKED | more).components for more in ({}, {"log": ("watch:off=yes", "console")}))
    assert [one.spec.name for one in plain.listening] == ["jsonl", "samples", "watch", "report"]
    assert [one.spec.name for one in told.listening] == ["jsonl", "samples", "report", "watch", "console"]


def test_what_is_resolved_stays_as_it_is():
    components = resolve_run(HOST, ASKED | {"penalty": ("r1",)}).components
    assert components.resolved(Setting(64, 3, 64, 10**6, lambda: 10)) == (components, {})


def test_penalties_are_built_once_and_know_their_side():
    parts = prepared(penalty=("drift", "path-length", "clip", "bcr")).parts
    assert [(penalty.component_name, penalty.side) for penalty in parts.penalties] == [
        ("drift", "discriminator"),
        ("path-length", "generator"),
        ("clip", "discriminator weights"),
        ("bcr", "discriminator"),
    ]


class Counted:
    """An observer that counts how many of it were made."""

    made = 0

    def __init__(self, options):
        Counted.made += 1

    def __call__(self, event):
        return None


class Plugin:
    @staticmethod
    @gantool.hookimpl
    def gantool_observers():
        return [gantool.Component("counted", "Counted", gantool.Options, f"{__name__}:Counted")]


def test_a_dry_run_builds_what_the_run_would_and_once():
    host = PluginHost(third_party=False, environ={})
    host.add(Plugin, "gantool-counted")
    resolved = resolve_run(host, ASKED | {"log": ("counted",)})
    with using(HOST):  # nobody asks the host of the process
        Counted.made = 0
        forecast(resolved.config, resolved.components)
    assert Counted.made == 1
