"""What a run is trained by where nobody said otherwise, and that each choice is told with its reason."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gantool.api.hookspecs import hookimpl
from gantool.api.specs import Architecture, OnCpu, Options, Recipe, Setting
from gantool.builtin.architectures import MlpOptions
from gantool.builtin.augment import DiffAugmentOptions
from gantool.builtin.augment import settle as settle_strength
from gantool.builtin.penalties import R1Options, settle_gamma
from gantool.errors import PluginError
from gantool.plugins.companions import for_few
from gantool.plugins.host import PluginHost
from gantool.report.record import read_record
from gantool.report.settings import explained
from gantool.run import planning
from gantool.run.defaults import architecture, defaults
from gantool.run.folder import save_choices, save_config
from gantool.run.recipes import recipe_on
from gantool.run.resolve import resolve_run

HOST = PluginHost(third_party=False, environ={})


@pytest.fixture
def photos(tmp_path):
    for index in range(6):
        pixels = np.random.default_rng(index).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    return str(tmp_path)


def decided(**asked):
    resolved = resolve_run(HOST, {"arch": "dcgan", "device": "cpu"} | asked)
    return resolved.config, {choice.flag: choice for choice in resolved.choices}


def test_few_pictures_are_augmented_and_many_are_not(photos):
    config, told = decided(data=photos, batch=4)
    assert (
        config.augment == "diffaugment:policy=color+translation,strength=0.3,fill=mirror,after=18,rise=0.12,target=0.9"
    )
    assert "6 images are few" in told["--augment"].why
    assert "from epoch 4 on" in told["--augment"].why
    config, _ = decided(data=photos, batch=4, loss="rpgan")
    assert config.augment.endswith("after=18,rise=0.12,target=0.9")
    config, _ = decided(data=photos, batch=4, loss="wasserstein", penalty=("gp",))
    assert config.augment.endswith("after=18,rise=0.0,target=0.9")
    config, told = decided()
    assert config.augment == "none"
    assert "enough to do without" in told["--augment"].why


def test_the_reason_of_the_batch_for_an_easy_source_holds_for_any_learning_rate():
    config, told = decided(arch="mlp", data="shapes")  # 2e-4, as on a GPU; 4e-4 on a CPU
    assert config.lr_g == 2e-4
    assert told["--lr"].why == "the recipe of mlp for sources as easy as shapes: more updates for the same images"


def test_an_average_longer_than_a_run_bears_is_said_to_be_shorter(photos):
    _, told = decided(images=1000, batch=32)
    assert str(told["--ema"]).endswith(
        "in proportion at batch 32, but at most 5% of the images seen: 50 at this run's end)"
    )
    _, told = decided(images=200_000, batch=32)
    assert str(told["--ema"]).endswith("in proportion at batch 32)")
    of_model = {"init": "model.safetensors", "init_sha256": "0", "init_images": 300_000}
    _, told = decided(images=1000, batch=32, **of_model)  # whose images count, too
    assert str(told["--ema"]).endswith("in proportion at batch 32)")


def test_who_names_no_architecture_for_few_pictures_hears_of_one_for_few(photos):
    def why(**asked):
        told = {choice.flag: choice for choice in resolve_run(HOST, {"device": "cpu"} | asked).choices}
        return told["--arch"].why

    assert "with 6 pictures try projected, too, which learned more from 300 in" in why(data=photos, resolution=32)
    assert "gantool plugins install" in why(data=photos, resolution=32)
    assert "projected" not in why(data=photos, resolution=16)
    assert "projected" not in why()
    assert for_few(300, 64, {"projected"}).endswith("time: --arch projected")


def test_a_batch_that_nobody_asked_for_is_no_more_than_there_are(photos):
    config, told = decided(data=photos)
    assert config.batch == 6
    assert "no more than 6 images" in told["--batch"].why
    assert config.ema == 1875
    assert "batch 6" in told["--ema"].why
    assert decided(data=photos, ema=300)[0].ema == 300
    assert decided(data=photos, batch=64)[0].batch == 64
    assert decided(data=photos, batch=4)[0].batch == 4


def test_every_choice_is_told_and_nothing_that_was_said():
    _, told = decided()
    assert set(told) == {
        *("--arch", "--loss", "--penalty", "--augment", "--balance", "--lr", "--batch", "--ema", "--images"),
        "--resolution",
    }
    _, told = decided(
        arch="dcgan:width=32", resolution=32, batch=32, lr_g=1e-4, augment="none", penalty=("none",), ema=100,
        images=1000, loss="hinge",
    )  # fmt: skip
    assert set(told) == {"--balance", "--lr-d"}


def test_a_narrower_dcgan_is_told_with_its_reason():
    config, told = decided(resolution=64)
    assert ",width=32," in config.arch
    assert str(told["--arch"]) == (
        "Chosen: --arch dcgan:width=32 (width 32, since a CPU learns more by it in equal time than by 64)"
    )
    assert "--arch" not in decided(arch="dcgan:width=32", resolution=64)[1]


@pytest.mark.parametrize(
    ("side", "arch", "resolution", "why"),
    [
        (300, "dcgan", "64", "the largest default, since time grows with the pixels; .* pictures is 300"),
        (40, "dcgan", "32", "what suits pictures whose shorter side is 40"),
        (8, "dcgan", "16", "the smallest default; .* is 8"),
        (28, "progressive", "16", "the largest that progressive can do of pictures of 28"),
    ],
)
def test_the_resolution_is_told_with_what_limits_it(tmp_path, side, arch, resolution, why):
    for index in range(2):
        Image.new("RGB", (side, side + 5)).save(tmp_path / f"{index}.png")
    told = decided(data=str(tmp_path), arch=arch)[1]["--resolution"]
    assert told.value == resolution
    assert re.search(why, told.why)
    assert decided()[1]["--resolution"].why == "the size of shapes"


def test_a_cpu_takes_smaller_and_bolder_steps_where_the_recipe_has_them():
    arch, source = HOST.specs("architecture")["dcgan"], HOST.specs("source")["folder"]
    on = {device: defaults(arch, source, {}, device) for device in ("cpu", "cuda:0")}
    assert [(on[d].values["batch"], on[d].values["lr_g"]) for d in on] == [(16, 5e-4), (64, 2e-4)]
    assert "on a CPU" in on["cpu"].why["batch"]
    assert "CPU" not in on["cuda:0"].why["batch"]
    assert on["cpu"].values["ema"] == 5000  # that of the batch in force, not of the recipe's


def test_the_half_life_of_the_average_grows_with_the_batch():
    assert decided(batch=32)[0].ema == 10_000
    assert decided(batch=64)[0].ema == 20_000
    assert decided(batch=64, ema="3k")[0].ema == 3000


def test_r1_gets_the_weight_of_resolution_and_batch():
    config, told = decided(penalty=("r1:every=4", "r2"), resolution=64, batch=16)
    assert config.penalty == ("r1:weight=0.0512,every=4", "r2:weight=0.0512,every=1")
    assert "gamma = 2e-4 * 64^2 / batch 16" in told["--penalty"].why
    config, told = decided(penalty=("r1:weight=3",))
    assert config.penalty == ("r1:weight=3.0,every=1",)
    assert "--penalty" not in told


def test_what_is_decided_stays_decided(photos):
    config, _ = decided(data=photos, batch=4, penalty=("r1",), augment="diffaugment:strength=auto")
    again = resolve_run(HOST, config.model_dump())
    assert again.config == config
    assert again.choices == ()


def test_pictures_are_counted_only_where_their_number_matters():
    def uncounted():
        raise AssertionError("counted")

    options, _ = settle_gamma(R1Options(), Setting(32, 3, 16, 1000, uncounted))
    assert options.weight == pytest.approx(2e-4 * 32**2 / 16)


def test_the_strength_of_an_augmentation_follows_the_number_of_pictures():
    options, why = settle_strength(DiffAugmentOptions(strength="auto"), Setting(32, 3, 16, 1000, lambda: 50_000))
    assert options.strength == pytest.approx(0.15)
    assert "50,000 images" in why


@pytest.mark.parametrize(("images", "reached"), [(6_000, False), (9_000, False), (9_001, True)])
def test_an_augmentation_that_a_run_does_not_reach_says_so(images, reached):
    options, why = settle_strength(DiffAugmentOptions(after="auto"), Setting(32, 3, 16, images, lambda: 3_000))
    assert options.after == 9_000
    assert ("ends before" not in why) == reached


def test_a_run_of_another_length_does_not_tell_the_end_of_the_run_of_its_file(photos, tmp_path):
    resolved = resolve_run(HOST, {"arch": "mlp", "device": "cpu", "data": photos, "batch": 4, "images": 8})
    save_config(tmp_path, resolved.config)
    save_choices(tmp_path, resolved.config, resolved.choices, resolved.given)
    for images, told in ((None, "; it would begin after 18 images, and this run ends before, at 8"), (1000, "")):
        again = resolve_run(HOST, {"images": images}, tmp_path / "config.toml")
        why = next(choice.why for choice in again.choices if choice.flag == "--augment")
        assert why == f"6 images are few, and the discriminator would memorise them{told}"


@pytest.mark.parametrize(("device", "rates"), [("cuda", (1e-3, 4e-3)), ("cpu", (2e-3, 8e-3))])
def test_networks_with_rates_of_their_own_keep_their_proportion_on_a_cpu(device, rates):
    recipe = Recipe(learning_rate=1e-3, learning_rate_d=4e-3, on_cpu=OnCpu(batch=8, learning_rate=2e-3))
    arch = Architecture("own", "Two rates", Options, "nowhere:build", recipe)
    values = defaults(arch, HOST.find("source", "shapes"), {}, device).values
    assert (values["lr_g"], values["lr_d"]) == rates


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_a_recipe_may_have_another_loss_and_other_penalties_on_a_cpu(device):
    recipe = Recipe(loss="hinge", penalties=("r1",), on_cpu=OnCpu(8, 2e-3, loss="lsgan", penalties=()))
    arch = Architecture("own", "Own", Options, "nowhere:build", recipe)
    found = defaults(arch, HOST.find("source", "shapes"), {}, device)
    named = {name: (found.values[name], found.why[name]) for name in ("loss", "penalty")}
    assert (
        named
        == {
            "cuda": {"loss": ("hinge", "the recipe of own"), "penalty": (("r1",), "the recipe of own")},
            "cpu": {
                "loss": ("lsgan", "the recipe of own on a CPU; hinge is for a GPU"),
                "penalty": ((), "the recipe of own on a CPU; r1 is for a GPU"),
            },
        }[device]
    )
    assert recipe_on(replace(recipe, on_cpu=OnCpu(8, 2e-3)), "cpu").penalties == ("r1",)


@pytest.mark.parametrize(
    ("loss", "penalties"), [("hinge", ("r1",)), (" hinge", ("r1",)), ("lsgan", ()), ("logistic", ())]
)
def test_the_loss_that_a_gpu_has_brings_its_penalties_to_a_cpu(loss, penalties):
    recipe = Recipe(loss="hinge", penalties=("r1",), on_cpu=OnCpu(8, 2e-3, loss="lsgan", penalties=()))
    arch = Architecture("own", "Own", Options, "nowhere:build", recipe)
    assert defaults(arch, HOST.find("source", "shapes"), {"loss": loss}, "cpu").values["penalty"] == penalties


class Own:
    """A plugin whose recipe has components for CPUs, one of which is not there."""

    @staticmethod
    @hookimpl
    def gantool_architectures():
        made = {"good": OnCpu(8, 2e-3, loss="lsgan", penalties=("r1",)), "bad": OnCpu(8, 2e-3, loss="lsgann")}
        built = "gantool.builtin.architectures.mlp:build"
        return [
            Architecture(name, "Own", MlpOptions, built, Recipe(lr_schedule="linear", lr_hold=0.5, on_cpu=on_cpu))
            for name, on_cpu in made.items()
        ]


def test_a_run_on_a_cpu_tells_the_loss_that_its_recipe_has_there_and_who_named_one_that_is_not():
    host = PluginHost(third_party=False, environ={})
    host.add(Own, "gantool-own")
    resolved = resolve_run(host, {"arch": "good", "device": "cpu"})
    told = {choice.flag: str(choice) for choice in resolved.choices}
    assert resolved.config.loss.startswith("lsgan")
    assert told["--loss"] == "Chosen: --loss lsgan (the recipe of good on a CPU; logistic is for a GPU)"
    assert told["--lr-hold"] == "Chosen: --lr-hold 0.5 (the recipe of good)"
    assert [one.spec.name for one in resolved.components.by_recipe] == ["lsgan", "r1", "fixed"]
    with pytest.raises(
        PluginError, match=r"for its on_cpu\.loss 'lsgann': .*Did you mean 'lsgan'.*--loss NAME overrides"
    ):
        resolve_run(host, {"arch": "bad", "device": "cpu"})
    assert resolve_run(host, {"arch": "bad", "device": "cpu", "loss": "hinge"}).config.lr_hold == 0.5
    constant = resolve_run(host, {"arch": "good", "device": "cpu", "lr_schedule": "constant"})
    assert constant.config.lr_hold == 0
    assert "--lr-hold" not in {choice.flag for choice in constant.choices}


def test_rates_that_fall_by_the_recipe_fall_to_its_end_unless_they_are_to_stay():
    recipe = Recipe(lr_schedule="cosine", lr_end=0.25)
    arch, source = Architecture("a", "A", Options, "x:y", recipe), HOST.find("source", "shapes")
    found = defaults(arch, source, {}, "cpu")
    assert (found.values["lr_schedule"], found.values["lr_end"]) == ("cosine", 0.25)
    assert {"lr_schedule", "lr_end"} <= found.why.keys()
    found = defaults(arch, source, {"lr_schedule": "constant"}, "cpu")
    assert found.values["lr_end"] == 0
    assert "lr_end" not in found.why


class OddRecipe:
    """A plugin with an architecture of this recipe."""

    def __init__(self, recipe):
        self.recipe = recipe

    @hookimpl
    def gantool_architectures(self):
        return [Architecture("odd", "Odd", Options, "x:y", self.recipe)]


@pytest.mark.parametrize(
    ("recipe", "told", "override"),
    [
        (Recipe(loss="hnge"), "for its loss 'hnge': There is no loss 'hnge'. Did you mean 'hinge'?", {"loss": "hinge"}),
        (Recipe(loss="hinge:margn=3"), "hinge has no option 'margn'. Did you mean 'margin'?", {"loss": "hinge"}),
        (Recipe(loss="none"), "There is no loss 'none'.", {"loss": "hinge"}),
        (Recipe(penalties=("r1", "r2d2")), "for its penalties 'r2d2': There is no penalty", {"penalty": ("none",)}),
        (Recipe(augment="adda"), "for its augment 'adda': There is no augmentation", {"augment": "none"}),
        (Recipe(balance="fixed:d_steps=zero"), "takes an integer (at least 1), not 'zero'.", {"balance": "none"}),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_its_plugins_fault_unless_it_is_overridden(recipe, told, override):
    host = PluginHost(third_party=False, environ={})
    host.add(OddRecipe(recipe), "gantool-odd")
    asked = {"arch": "odd", "device": "cpu"}
    with pytest.raises(PluginError) as raised:
        resolve_run(host, asked)
    assert str(raised.value).startswith("The recipe of architecture 'odd' of gantool-odd cannot be followed, for its ")
    assert told in str(raised.value)
    (flag,) = override
    assert str(raised.value).endswith(f" Tell its author; --{flag} NAME overrides it.")
    assert resolve_run(host, asked | override).config.arch == "odd"


def test_a_recipe_may_leave_out_what_flags_can():
    host = PluginHost(third_party=False, environ={})
    host.add(OddRecipe(Recipe(penalties=("none",), augment="none", balance="none")), "gantool-odd")
    config = resolve_run(host, {"arch": "odd", "device": "cpu"}).config
    assert (config.penalty, config.augment, config.balance) == ((), "none", "fixed:d_steps=1")


@pytest.mark.parametrize("name", ["progressive", "msg"])
def test_high_resolution_is_trained_on_a_cpu_for_no_longer_than_hours(name):
    arch, folder = HOST.specs("architecture")[name], HOST.specs("source")["folder"]
    on = {device: defaults(arch, folder, {}, device) for device in ("cpu", "cuda:0")}
    assert on["cpu"].values["images"] == 60_000
    assert on["cuda:0"].values["images"] == arch.recipe.images
    assert on["cpu"].why["images"].endswith(f"on a CPU: its {arch.recipe.images:,} are for a GPU")
    assert "CPU" not in on["cuda:0"].why["images"]
    assert defaults(arch, HOST.specs("source")["shapes"], {}, "cpu").why["images"] == "what shapes calls for"


def test_steps_that_are_the_recipes_own_on_a_cpu_too_are_not_told_as_more():
    assert defaults(HOST.specs("architecture")["msg"], HOST.specs("source")["folder"], {}, "cpu").why["batch"] == (
        "the recipe of msg"
    )


@pytest.mark.parametrize(
    ("resolution", "name", "why"),
    [
        (None, "dcgan", "quick to train, at 16 to 256 pixels"),
        (28, "dcgan", "quick to train, at 16 to 256 pixels"),
        (512, "progressive", "the first that can do 512 pixels; dcgan cannot"),
        (300, "dcgan", "quick to train, at 16 to 256 pixels"),  # which none can: the error tells what dcgan does
    ],
)
def test_a_run_that_names_no_architecture_gets_one_by_its_resolution(resolution, name, why):
    assert architecture(HOST, resolution) == (name, why)


def test_what_was_chosen_is_told_in_the_order_of_the_settings():
    flags = [choice.flag for choice in resolve_run(HOST, {"device": "cpu"}).choices]
    assert flags[:3] == ["--arch", "--resolution", "--loss"]


@pytest.mark.parametrize("settings", [{}, {"arch": "progressive", "resolution": 32}, {"lr_d": 0.1}])
def test_the_report_has_the_reason_of_each_default(tmp_path, settings):
    resolved = resolve_run(HOST, {"device": "cpu", "data": "shapes:count=64", **settings})
    save_config(tmp_path, resolved.config)
    save_choices(tmp_path, resolved.config, resolved.choices, resolved.given)
    told = {row.flag: row.why for row in explained(read_record(tmp_path, resolved.config))}
    assert {"--loss", "--balance", "--batch"} <= told.keys()
    assert {choice.flag: choice.why for choice in resolved.choices}.items() <= told.items()


def test_a_run_of_the_former_width_goes_on_with_it_by_the_same_command(tmp_path):
    said = {"arch": "dcgan", "resolution": 64, "device": "cpu", "augment": "none", "precision": "float32"}
    new = planning.plan(HOST, said, out=tmp_path, name="new")
    before = new.config.model_copy(update={"arch": new.config.arch.replace("width=32", "width=64")})
    (tmp_path / "old").mkdir()
    save_config(tmp_path / "old", before)
    assert before.arch != new.config.arch
    assert planning.plan(HOST, said, out=tmp_path, name="old").config.arch == before.arch
    assert planning.plan(HOST, {}, resume=tmp_path / "old").config.arch == before.arch
