"""Combinations that make no sense are refused by both names before there is a run."""

import pytest
from torch import nn

import gantool
from gantool.api.specs import TRAITS
from gantool.errors import UsageError
from gantool.plugins.host import PluginHost
from gantool.plugins.selection import Chosen
from gantool.run.conflicts import having, number, refuse_conflicts
from prepared import prepared

DCGAN = "dcgan:width=4,max_width=8,latent=6"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"penalty": ("clip", "gp")}, ("--penalty clip and --penalty gp", "Leave one")),
        ({"penalty": ("r1", "clip")}, ("--penalty clip and --penalty r1",)),
        ({"penalty": ("r1", "r1:weight=3")}, ("--penalty r1 is given 2 times",)),
        ({"loss": "wasserstein", "augment": "ada"}, ("--loss wasserstein and --augment ada", "fixed=yes")),
        ({"loss": "wasserstein", "augment": "diffaugment:rise=20"}, ("--augment diffaugment", "rise=0")),
        ({"loss": "wasserstein", "balance": "skip-d"}, ("--loss wasserstein and --balance skip-d",)),
        ({"arch": f"{DCGAN},discriminator_norm=spectral", "penalty": ("clip",)}, ("--penalty clip", "spectral")),
        ({"loss": "logistic:flip=0.5"}, ("--loss logistic:flip=0.5", "less than 0.5")),
        ({"loss": "minimax:flip=0.9"}, ("--loss minimax:flip=0.9",)),
    ],
)
def test_what_cannot_work_is_refused_with_both_names(settings, words):
    with pytest.raises(UsageError) as caught:
        prepared(**settings)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    "settings",
    [
        {"penalty": ("r1", "r2"), "loss": "rpgan"},
        {"penalty": ("clip",), "loss": "wasserstein"},
        {"balance": "skip-d"},
        {"loss": "logistic:flip=0.4"},
        {"loss": "rpgan", "augment": "ada"},
        {"loss": "relativistic", "augment": "diffaugment:rise=20"},
        {"loss": "wasserstein", "augment": "ada:fixed=yes,p=0.2", "penalty": ("gp",)},
        {"loss": "wasserstein", "augment": "diffaugment:strength=0.5", "penalty": ("gp",)},
        {"loss": "wasserstein", "balance": "adaptive", "penalty": ("gp",)},
        {"arch": f"{DCGAN},discriminator_norm=spectral", "loss": "hinge", "penalty": ("r1",)},
    ],
)
def test_what_can_work_is_let_through(settings):
    prepared(**settings)


@pytest.mark.parametrize("normalise", [nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm])
def test_spectral_normalisation_is_seen_in_both_of_torchs_forms_and_nothing_else_is_taken_for_it(normalise):
    run = prepared(penalty=("clip",))
    nn.utils.parametrizations.weight_norm(run.gan.discriminator.head)
    refuse_conflicts(run.components, run.gan, "alternating", ())
    run = prepared(penalty=("clip",))
    normalise(run.gan.discriminator.head)
    with pytest.raises(UsageError, match="spectral"):
        refuse_conflicts(run.components, run.gan, "alternating", ())


def test_simultaneous_updates_are_refused_where_a_weight_of_both_networks_learns():
    run = prepared(updates="simultaneous")
    learning = run.learning[0]
    refuse_conflicts(run.components, run.gan, "simultaneous", learning)
    run.gan.discriminator.stem = run.gan.generator
    refuse_conflicts(run.components, run.gan, "alternating", learning)
    refuse_conflicts(run.components, run.gan, "simultaneous", ())  # frozen, as a shared embedding may be
    with pytest.raises(UsageError, match=r"\(\S+ of the generator\).* Use --updates alternating"):
        refuse_conflicts(run.components, run.gan, "simultaneous", learning)


def test_a_plugins_option_of_the_same_name_is_its_own_affair():
    class Mirrors(gantool.Options):
        flip: bool = gantool.option(True, "whether to")
        d_steps: str = gantool.option("auto", "how many")

    spec = gantool.Component("mirrors", "Mirrored", Mirrors, "nowhere:nothing", traits=("mislabels", "leads"))
    chosen = Chosen("augmentation", spec, Mirrors(), "gantool-mirrors")
    assert number(chosen, "d_steps") == 0
    assert number(chosen, "value") == 0
    plain = gantool.Component("mirrors", "Mirrored", Mirrors, "nowhere:nothing")
    assert having([chosen], "mislabels") == [chosen]
    assert not having([Chosen("augmentation", plain, Mirrors(), "gantool-mirrors")], "mislabels")


def test_every_trait_of_training_is_had_by_some_built_in_component():
    host = PluginHost(third_party=False, environ={})
    kinds = ("loss", "penalty", "augmentation", "balance")
    had = {trait for kind in kinds for spec in host.specs(kind).values() for trait in getattr(spec, "traits", ())}
    assert had == set(TRAITS) - {"any-style"}  # of style networks, which plugins bring
