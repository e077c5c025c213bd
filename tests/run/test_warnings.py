"""What is allowed in a run and seldom wanted is told before it begins, in a sentence with the remedy."""

from dataclasses import replace

import pytest
from torch import nn

from gantool.api.networks import Gan
from gantool.plugins.host import host
from gantool.run.warnings import warnings_of
from prepared import prepared

DCGAN = "dcgan:width=4,max_width=8,latent=6"


def told(**settings):
    return list(warnings_of(prepared(**settings)))


def test_a_critic_without_bounds_is_doubted():
    def said(**settings):
        return [doubt for doubt in told(loss="wasserstein", **settings) if "Nothing bounds" in doubt]

    assert said()
    assert not said(penalty=("gp",))
    assert not said(penalty=("clip",))
    assert not said(arch=f"{DCGAN},discriminator_norm=spectral")


def test_a_slope_penalty_on_batch_norm_is_doubted():
    assert any("BatchNorm makes the answers" in doubt for doubt in told(penalty=("r1",)))
    assert not told(penalty=("r1",), arch=f"{DCGAN},discriminator_norm=instance")
    assert not told()


def test_a_run_longer_than_its_learning_rates_is_doubted():
    (ends,) = told(lr_schedule="cosine", horizon=500, images=900)
    assert "learning rates are 0" in ends
    assert "--horizon 900 moves the end" in ends
    assert not told(lr_schedule="cosine", images=900)


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
        ({"lr_hold": 0.5}, "--lr-hold 0.5 changes nothing without"),
        (
            {"lr_hold": 1.0, "lr_schedule": "linear", "warmup": 100, "images": 900},
            "until 900 images, and the run ends at 900: --lr-schedule linear never lowers them. Give a smaller share.",
        ),
        (
            {"lr_hold": 0.6, "lr_schedule": "cosine", "horizon": 2000, "images": 900},
            "the run ends at 900: --lr-schedule cosine never lowers them. Give a smaller share, or --horizon 900.",
        ),
        ({"augment": "ada", "images": 2000}, "--augment ada can rise to 0.004 at most"),
        ({"augment": "diffaugment:strength=0"}, "--augment diffaugment augments nothing, since its strength is 0"),
        ({"patience": 3, "log": ("watch:off=yes",)}, "--patience 3 ends nothing"),
        ({"patience": 3, "log": ("watch:best=no",)}, "--patience 3 ends nothing"),
    ],
)
def test_settings_that_do_nothing_are_doubted(settings, words):
    assert any(words in doubt for doubt in told(**settings))


def test_settings_that_do_something_are_not():
    for settings in (
        {"patience": 3},
        {"warmup": 100, "images": 900},
        {"horizon": 900, "instance_noise": 0.1, "images": 900},
        {"horizon": 900, "beta2_start": 0.9, "images": 900},
        {"horizon": 500, "lr_schedule": "cosine", "lr_end": 0.1, "images": 900},
        {"horizon": 900, "lr_schedule": "linear", "lr_hold": 0.9, "images": 900},
        {"augment": "ada:kimg=5", "images": 2000},
        {"augment": "diffaugment:strength=0,rise=5"},
    ):
        assert not told(**settings)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ({"lr_g": 1e-2, "lr_d": 1e-2}, ["--lr 0.01 is 20 times"]),
        ({"lr_g": 1e-2, "lr_d": 5e-4}, ["--lr-g 0.01 is 20 times"]),
        ({"lr_g": 1e-2, "lr_d": 2.5e-3}, ["--lr-g 0.01 is 20 times", "--lr-d 0.0025 is 5 times"]),
        ({"lr_g": 2e-3, "lr_d": 5e-4}, []),
    ],
)
def test_rates_far_above_the_recipes_are_doubted(rates, expected):
    found = told(**rates)  # dcgan's recipe goes up to 5e-4
    assert [doubt.startswith(words) for doubt, words in zip(found, expected, strict=True)] == [True] * len(expected)


def test_rates_are_measured_by_a_recipe_that_has_no_other_for_short_runs():
    (doubt,) = told(arch="msg:fmap_base=16,fmap_max=4", lr_g=1.0)
    assert doubt.startswith("--lr-g 1 is ")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss": "minimax", "balance": "fixed:d_steps=5"}, "and --balance fixed lets it win"),
        ({"loss": "minimax", "lr_g": 1e-4, "lr_d": 5e-4}, "and --lr-d 0.0005 lets it win"),
        ({"loss": "wasserstein", "penalty": ("clip:value=1e-4",)}, "--penalty clip:value=0.0001 leaves"),
        ({"lr_g": 1e-7, "lr_d": 2e-4}, "--lr-g 1e-07 is 2,000 times lower"),
        ({"batch": 2}, "BatchNorm takes mean and deviation of 2 pictures at a time (--batch 2)"),
        ({"batch": 4, "accumulate": 2}, "of 2 pictures at a time (--batch 4 in 2 micro-batches), which say"),
    ],
)
def test_a_game_that_cannot_go_well_is_doubted(settings, words):
    (doubt,) = told(**settings)
    assert words in doubt


def test_batch_normalisation_sees_the_part_of_one_process():
    (doubt,) = warnings_of(prepared(batch=8), 4)
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
    assert not told(**settings)


def test_no_batch_is_asked_for_that_the_images_cannot_fill():
    (doubt,) = told(batch=3, count=3)
    assert "--batch 4 is impossible: give more images, or use --arch dcgan:generator_norm=instance." in doubt
    (doubt,) = told(batch=6, accumulate=3, count=6)
    assert "--batch 12 is impossible: use fewer micro-batches with --batch 4 or more, give more images, or" in doubt
    (doubt,) = told(batch=3, count=4)
    assert "Use --batch 4 at least" in doubt


def test_an_architecture_is_named_with_the_option_that_leaves_batch_normalisation_out():
    built = prepared(batch=3, count=3)
    (doubt,) = warnings_of(replace(built, gan=Gan(nn.Identity(), built.gan.discriminator, 6)))
    assert "or use --arch dcgan:discriminator_norm=instance." in doubt
    doubt, *_ = warnings_of(replace(built, components=prepared(arch="mlp", batch=3, count=3).components))
    assert "or use an architecture whose generator has no BatchNorm, such as msg." in doubt


def test_a_discriminator_that_rests_below_a_draw_is_doubted_with_a_bound_that_fits():
    (doubt,) = told(loss="lsgan", balance="skip-d")
    assert "steps while its loss is below 0.4, but by --loss lsgan an undecided one has only 0.25" in doubt
    assert "--balance skip-d:below=0.075." in doubt
    (doubt,) = told(loss="rpgan", balance="skip-d:below=0.7", arch="mlp:generator_hidden=4,discriminator_hidden=4")
    assert "an undecided one has only 0.693" in doubt
    built = prepared(loss="wasserstein", penalty=("gp",), arch=f"{DCGAN},discriminator_norm=none")
    resting = replace(built.components, balance=host().resolve("balance", "skip-d"))
    assert any(
        "an undecided one has only 0" in one and "--balance adaptive" in one
        for one in warnings_of(replace(built, components=resting))
    )
    for loss in ("logistic", "hinge", "rpgan", "lsgan:real=2", "logistic:smooth=0.1,flip=0.1"):
        assert not told(loss=loss, balance="skip-d")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss": "minimax", "balance": "ttur"}, "and --balance ttur lets it win"),
        (
            {"balance": "ttur:ratio=1000"},
            "--lr-d 0.0005, by --balance ttur 1000 times as high, is 1,000 times the highest that the recipe of dcgan "
            "has (0.0005), and some runs diverge at such a rate. Let the balance change it less, or try --lr-d "
            "5e-07.",
        ),
        ({"balance": "ttur:ratio=1e-4"}, "--lr-d 0.0005, by --balance ttur 0.0001 times as high, is 4,000 times lower"),
    ],
)
def test_the_rates_are_those_that_the_balance_makes(settings, words):
    (doubt,) = told(**settings)
    assert words in doubt
    assert not told(balance="ttur")
    assert not told(loss="minimax", balance="ttur", lr_g=2e-3, lr_d=5e-4)


def test_a_penalty_next_to_nothing_bounds_no_slope():
    for penalty in ("gp:weight=0", "gp:weight=0.009", "r1:weight=1e-9"):
        (doubt,) = told(loss="wasserstein", penalty=(penalty,), arch=f"{DCGAN},discriminator_norm=none")
        assert "Nothing bounds the discriminator's slope" in doubt
        assert f"--penalty {penalty.partition('=')[0]}=" in doubt
        assert "is next to nothing: try weight=" in doubt
    assert not told(loss="wasserstein", penalty=("gp:weight=0.1",), arch=f"{DCGAN},discriminator_norm=none")


def test_a_penalty_a_thousand_times_as_heavy_as_usual_is_doubted():
    plain = f"{DCGAN},discriminator_norm=none"
    (doubt,) = told(penalty=("r1:weight=64",), arch=plain)  # auto: 2e-4 * 16^2 / batch 8
    assert "--penalty r1:weight=64 weighs 10,000 times what is usual here (0.0064)" in doubt
    assert "may be too flat to teach. Try --penalty r1:weight=0.0064." in doubt
    (doubt,) = told(penalty=("drift:weight=20",))
    assert "weighs 20,000 times what is usual here (0.001): little else" in doubt
    assert not told(penalty=("gp:weight=9999",), arch=plain)
    assert not told(penalty=("r1:weight=10",), arch=plain)  # which is usual at larger sizes
    assert not told(arch="msg:fmap_base=16,fmap_max=4", batch=64)  # whose own r1 is 1, more than 1000 times auto


@pytest.mark.parametrize(
    ("settings", "until"),
    [
        ({"instance_noise": 20, "images": 1000}, "until 950 of 1,000 images"),
        ({"instance_noise": 2, "images": 1000, "horizon": 4000}, "until 1,000 of 1,000 images"),
        ({"instance_noise": 2, "images": 1000, "horizon": 100}, ""),
        ({"instance_noise": 1, "images": 1000}, ""),
        ({"instance_noise": 0.3, "images": 1000}, ""),
    ],
)
def test_a_noise_that_drowns_the_pictures_is_doubted(settings, until):
    found = told(**settings)
    assert len(found) == bool(until)
    assert all(until in doubt and "0.1 to 0.3" in doubt for doubt in found)
