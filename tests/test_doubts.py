"""What is allowed in a run and seldom wanted is told before it begins, in a sentence with the remedy."""

import pytest

import gantool
from gantool.building import build_gan
from gantool.doubts import doubts

DCGAN = "dcgan:width=4,max_width=8,latent=6"


def planned(arch=DCGAN, **settings):
    config = gantool.configure(arch=arch, resolution=16, device="cpu", **{"batch": 8, **settings})
    return config, build_gan(config, ())[0]


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
        (
            {"warmup": 500, "horizon": 400, "lr_schedule": "linear", "lr_end": 0.5, "images": 900},
            "then 0.5 of that at once",
        ),
        ({"horizon": 400}, "--horizon 400 changes nothing"),
        ({"lr_end": 0.1}, "--lr-end 0.1 changes nothing without"),
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
        {"horizon": 900, "beta2_start": 0.9, "images": 900},
        {"horizon": 500, "lr_schedule": "cosine", "lr_end": 0.1, "images": 900},
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


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss": "minimax", "balance": "fixed:d_steps=5"}, "and --balance fixed lets it win"),
        ({"loss": "minimax", "lr_g": 1e-4, "lr_d": 5e-4}, "and --lr-d 0.0005 lets it win"),
        ({"loss": "wasserstein", "penalty": ("clip:value=1e-4",)}, "--penalty clip:value=0.0001 leaves"),
        ({"lr_g": 1e-7, "lr_d": 2e-4}, "--lr-g 1e-07 is 2,000 times lower"),
        ({"batch": 2}, "BatchNorm takes mean and deviation of 2 pictures at a time (--batch 2)"),
        ({"batch": 4, "accumulate": 4}, "of 1 picture at a time (--batch 4 in 4 parts), which say"),
    ],
)
def test_a_game_that_cannot_go_well_is_doubted(settings, words):
    (doubt,) = doubts(*planned(**settings))
    assert words in doubt


def test_batch_normalisation_sees_the_part_of_one_process():
    (doubt,) = doubts(*planned(batch=8), 4)
    assert "of 2 pictures at a time (--batch 8 on 4 processes)" in doubt
    assert "--batch 16" in doubt


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "minimax"},
        {"balance": "fixed:d_steps=5"},
        {"loss": "wasserstein", "penalty": ("clip",)},
        {"batch": 8, "accumulate": 2},
        {"batch": 2, "arch": "msg:fmap_base=16,fmap_max=4"},
        {"lr_g": 4e-6, "lr_d": 4e-6},
    ],
)
def test_a_game_that_can_is_not(settings):
    assert not list(doubts(*planned(**settings)))
