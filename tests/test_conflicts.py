"""Combinations that make no sense are refused by both names before there is a run; odd ones are only doubted."""

import pytest
from torch import nn

import gantool
from gantool.building import build_gan
from gantool.components import TRAITS
from gantool.conflicts import doubts, refuse_conflicts
from gantool.errors import UsageError
from gantool.plugins import PluginHost

DCGAN = "dcgan:width=4,max_width=8,latent=6"


def planned(arch=DCGAN, **settings):
    config = gantool.configure(arch=arch, resolution=16, batch=8, device="cpu", **settings)
    return config, build_gan(config, ())[0]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"penalty": ("clip", "gp")}, ("--penalty clip and --penalty gp", "Leave one")),
        ({"penalty": ("r1", "clip")}, ("--penalty clip and --penalty r1",)),
        ({"penalty": ("r1", "r1:weight=3")}, ("--penalty r1 is given 2 times",)),
        ({"loss": "rpgan", "augment": "ada"}, ("--loss rpgan and --augment ada", "fixed=yes")),
        ({"loss": "wasserstein", "balance": "skip-d"}, ("--loss wasserstein and --balance skip-d",)),
        ({"arch": f"{DCGAN},discriminator_norm=spectral", "penalty": ("clip",)}, ("--penalty clip", "spectral")),
    ],
)
def test_what_cannot_work_is_refused_with_both_names(settings, words):
    with pytest.raises(UsageError) as caught:
        refuse_conflicts(*planned(**settings))
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    "settings",
    [
        {"penalty": ("r1", "r2"), "loss": "rpgan"},
        {"penalty": ("clip",), "loss": "wasserstein"},
        {"balance": "skip-d"},
        {"loss": "rpgan", "augment": "ada:fixed=yes,p=0.2"},
        {"loss": "wasserstein", "balance": "adaptive", "penalty": ("gp",)},
        {"arch": f"{DCGAN},discriminator_norm=spectral", "loss": "hinge", "penalty": ("r1",)},
    ],
)
def test_what_can_work_is_let_through(settings):
    refuse_conflicts(*planned(**settings))


def test_a_critic_without_bounds_is_doubted():
    def said(**settings):
        return [doubt for doubt in doubts(*planned(loss="wasserstein", **settings)) if "Nothing bounds" in doubt]

    assert said()
    assert not said(penalty=("gp",))
    assert not said(penalty=("clip",))
    assert not said(arch=f"{DCGAN},discriminator_norm=spectral")


def test_a_slope_penalty_on_batch_norm_is_doubted():
    assert any("BatchNorm mixes" in doubt for doubt in doubts(*planned(penalty=("r1",))))
    assert not list(doubts(*planned(penalty=("r1",), arch=f"{DCGAN},discriminator_norm=instance")))
    assert not list(doubts(*planned()))


def test_a_run_longer_than_its_learning_rates_is_doubted():
    assert any("learning rates are 0" in d for d in doubts(*planned(lr_schedule="cosine", horizon=500, images=900)))
    assert not list(doubts(*planned(lr_schedule="cosine", images=900)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"warmup": 900, "images": 900}, "--warmup 900 is not over"),
        ({"warmup": 500, "horizon": 400, "lr_schedule": "linear", "images": 900}, "as long as --horizon 400"),
        ({"horizon": 400}, "--horizon 400 changes nothing"),
        ({"augment": "ada", "images": 2000}, "--augment ada can rise to 0.004 at most"),
        ({"patience": 3, "log": ("watch:off=yes",)}, "--patience 3 ends nothing"),
        ({"patience": 3, "log": ("watch:best=no",)}, "--patience 3 ends nothing"),
    ],
)
def test_settings_that_do_nothing_are_doubted(settings, words):
    assert any(words in doubt for doubt in doubts(*planned(**settings)))


def test_settings_that_do_something_are_not():
    for settings in (
        {"patience": 3},
        {"warmup": 100, "images": 900},
        {"horizon": 900, "instance_noise": 0.1, "images": 900},
        {"augment": "ada:kimg=5", "images": 2000},
    ):
        assert not list(doubts(*planned(**settings)))


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ({"lr_g": 2e-2, "lr_d": 2e-2}, ["--lr 0.02 is 20 times"]),
        ({"lr_g": 2e-2, "lr_d": 1e-3}, ["--lr-g 0.02 is 20 times"]),
        ({"lr_g": 2e-2, "lr_d": 5e-3}, ["--lr-g 0.02 is 20 times", "--lr-d 0.005 is 5 times"]),
        ({"lr_g": 4e-3, "lr_d": 1e-3}, []),
    ],
)
def test_rates_far_above_the_recipes_are_doubted(rates, told):
    found = list(doubts(*planned(**rates)))  # dcgan's recipe for short runs goes up to 1e-3
    assert [doubt.startswith(words) for doubt, words in zip(found, told, strict=True)] == [True] * len(told)


def test_rates_are_measured_by_a_recipe_that_has_no_other_for_short_runs():
    (doubt,) = doubts(*planned(arch="msg:fmap_base=16,fmap_max=4", lr_g=1.0))
    assert doubt.startswith("--lr-g 1 is ")


@pytest.mark.parametrize("normalise", [nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm])
def test_spectral_normalisation_is_seen_in_both_of_torchs_forms_and_nothing_else_is_taken_for_it(normalise):
    config, gan = planned(penalty=("clip",))
    nn.utils.parametrizations.weight_norm(gan.discriminator.head)
    refuse_conflicts(config, gan)
    config, gan = planned(penalty=("clip",))
    normalise(gan.discriminator.head)
    with pytest.raises(UsageError, match="spectral"):
        refuse_conflicts(config, gan)


def test_every_trait_is_had_by_some_built_in_component():
    host = PluginHost(guests=False, environ={})
    kinds = ("loss", "penalty", "augmentation", "balance")
    had = {trait for kind in kinds for spec in host.specs(kind).values() for trait in getattr(spec, "traits", ())}
    assert had == set(TRAITS)
