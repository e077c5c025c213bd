"""Projected GAN: what is frozen stays so and out of checkpoints, and models draw where its weights are not."""

from shutil import copyfile

import pytest
import torch
from PIL import Image
from random_features import random_weights
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import gantool
from gantool_projected import FastGanOptions, ProjectedOptions
from gantool_projected.frozen import CHANNELS, Absent, Mixing
from gantool_projected.projected import Discriminator, build
from gantool_projected.settling import settle


def options(features, **more):
    return ProjectedOptions(**{"width": 1, "latent": 8, "mix": 2, "side": 64, "weights": str(features)} | more)


def test_each_scale_gives_a_logit_for_each_place_of_its_last_maps(features):
    images = (torch.rand(2, 3, 32, 32) * 2 - 1,)
    for side, places in ((32, 16 + 16 + 4 + 1), (64, 16 + 16 + 16 + 4), (128, 4 * 16)):
        for pixels, more in ((0, 0), (16, 16), (32, 16)):
            judge = Discriminator(options(features, side=side, pixels=pixels), gantool.ImageShape(32))
            assert judge(images).shape == (2, places + more)


def test_mixing_is_linear_and_reaches_from_coarse_to_fine_alone():
    mixing = Mixing(CHANNELS, 2)
    features = [torch.randn(1, channels, 16 >> scale, 16 >> scale) for scale, channels in enumerate(CHANNELS)]
    mixed = mixing(features)
    assert [tuple(maps.shape[1:]) for maps in mixed] == [(2, 16, 16), (4, 8, 8), (8, 4, 4), (16, 2, 2)]
    for one, other in zip(mixing([2 * maps for maps in features]), mixed, strict=True):
        torch.testing.assert_close(one, 2 * other)
    for scale in range(4):
        changed = [maps if at != scale else maps + 1 for at, maps in enumerate(features)]
        differs = [not torch.equal(*pair) for pair in zip(mixing(changed), mixed, strict=True)]
        assert differs == [at <= scale for at in range(4)]


@pytest.mark.parametrize(("pixels", "told"), [(0, False), (16, True)])
def test_only_a_discriminator_of_pixels_tells_transparent_white_from_white(features, pixels, told):
    judge = Discriminator(options(features, side=32, pixels=pixels), gantool.ImageShape(32, 4)).eval()
    white, clear = torch.ones(1, 4, 32, 32), torch.full((1, 4, 32, 32), -1.0)
    assert torch.equal(judge.seen(white), judge.seen(clear))
    assert torch.equal(judge((white,)), judge((clear,))) is not told


@pytest.mark.parametrize(("arch", "rise"), [("projected", 0.0), ("fastgan", 0.12)])
def test_augmentation_does_not_rise_where_trained_features_tell_all_reals_at_once(tmp_path, arch, rise):
    for index in range(6):
        Image.new("RGB", (32, 32), (40 * index, 9, 9)).save(tmp_path / f"{index}.png")
    config = gantool.configure(arch=arch, data=str(tmp_path), device="cpu", images=1000)
    name, _, given = config.augment.partition(":")
    assert (name, float(dict(one.split("=") for one in given.split(","))["rise"])) == ("diffaugment", rise)


def test_only_the_heads_and_the_generator_learn(features):
    gan = build(options(features), gantool.ImageShape(32))
    learning = {name.partition(".")[0] for name, weight in gan.discriminator.named_parameters() if weight.requires_grad}
    assert learning == {"heads"}
    assert all(weight.requires_grad for weight in gan.generator.parameters())


def test_transparency_lies_on_white_and_in_training_on_greys_of_its_own(features):
    judge = Discriminator(options(features, side=32), gantool.ImageShape(32, 4))
    clear = torch.full((4, 4, 32, 32), -1.0)
    solid = torch.cat([torch.rand(4, 3, 32, 32) * 2 - 1, torch.ones(4, 1, 32, 32)], dim=1)
    grounds = judge.seen(clear)
    assert len(grounds.unique()) == 4
    assert torch.equal(judge.seen(solid), solid[:, :3])
    assert torch.equal(judge.eval().seen(clear), torch.ones(4, 3, 32, 32))


def test_a_file_of_weights_may_have_any_name(features, tmp_path):
    odd = tmp_path / "a, b + c" / "weights.safetensors"
    odd.parent.mkdir()
    copyfile(features, odd)
    digests = [
        Discriminator(options(file, side=32), gantool.ImageShape(32)).features.digest for file in (features, odd)
    ]
    assert torch.equal(*digests)


def test_pictures_are_brought_to_the_side_of_the_features(features):
    judge = Discriminator(options(features, side=64), gantool.ImageShape(32, 1))
    for side in (32, 64, 128):
        seen = judge.seen(torch.full((1, 1, side, side), 0.25))
        torch.testing.assert_close(seen, torch.full((1, 3, 64, 64), 0.25))


def test_side_and_width_follow_the_pictures_and_the_length():
    for resolution, side in ((32, 64), (64, 64), (128, 128), (1024, 256)):
        assert settle(ProjectedOptions(), gantool.Setting(resolution, 3, 16, 1000, lambda: 10))[0].side == side
    given = {"width": 8}, {"side": 64}, {}
    why = [settle(ProjectedOptions(**one), gantool.Setting(32, 3, 16, 1000, lambda: 10))[1] for one in given]
    wide, features = "as wide as 1,000 images can train", "features at 64 pixels"
    assert why == [features, wide, f"{wide}; {features}"]  # nothing is said of what was given
    lengths = [gantool.Setting(64, 3, 16, images, lambda: 10) for images in (60_000, 1_000_000)]
    assert [settle(ProjectedOptions(), length)[0].width for length in lengths] == [16, 64]
    assert [settle(FastGanOptions(), length)[0].width for length in lengths] == [8, 64]


def run(cli, tmp_path, monkeypatch, arch, *more):
    monkeypatch.chdir(tmp_path)
    return cli("train", "--arch", arch, "--data", "shapes:count=64", "--resolution", "32", "--batch", "4", "--device",
               "cpu", "--precision", "float32", *more)  # fmt: skip


@pytest.mark.long
def test_a_run_says_that_metrics_by_its_own_features_flatter_it(gantool_cli, tmp_path, monkeypatch, tiny):
    said = run(gantool_cli, tmp_path, monkeypatch, tiny, "--images", "8", "--name", "one").err
    assert sum("flatter" in line and "efficientnet" in line for line in said.splitlines()) == 1


@pytest.mark.long
def test_a_run_that_goes_on_is_the_run_in_one_go_and_keeps_what_is_frozen(gantool_cli, tmp_path, monkeypatch, tiny):
    def trained(images, name):
        assert run(gantool_cli, tmp_path, monkeypatch, tiny, "--images", images, "--name", name, "-q").code == 0

    trained("8", "parts")
    runs = tmp_path / "runs"
    before = load_file(runs / "parts/checkpoints/000000008/discriminator.safetensors")
    trained("24", "whole")
    assert gantool_cli("train", "--resume", "runs/parts", "--images", "24", "-q").code == 0
    for file in ("generator.safetensors", "checkpoints/000000024/discriminator.safetensors"):
        assert (runs / "whole" / file).read_bytes() == (runs / "parts" / file).read_bytes()
    after = load_file(runs / "parts/checkpoints/000000024/discriminator.safetensors")
    mixing = [name for name in before if name.startswith("mixing.")]
    assert len(mixing) == 4 + 4 + 3
    assert all(torch.equal(before[name], after[name]) for name in mixing)
    assert not torch.equal(*(state["heads.0.last.parametrizations.weight.original"] for state in (before, after)))


@pytest.mark.long
def test_a_run_from_before_pictures_were_judged_goes_on_without(gantool_cli, tmp_path, monkeypatch, tiny):
    assert run(gantool_cli, tmp_path, monkeypatch, tiny + ",pixels=0", "--images", "8", "--name", "old", "-q").code == 0
    config = tmp_path / "runs/old/config.toml"
    text = config.read_text()
    assert ",pixels=0" in text
    config.write_text(text.replace(",pixels=0", ""))
    assert gantool_cli("train", "--resume", "runs/old", "--arch", tiny, "--images", "16", "-q").code == 0
    heads = load_file(tmp_path / "runs/old/checkpoints/000000016/discriminator.safetensors")
    assert not any(name.startswith("heads.4.") for name in heads)
    assert ",pixels=0" in config.read_text()


@pytest.mark.long
def test_a_checkpoint_has_the_digest_of_the_features_and_not_their_weights(
    gantool_cli, tmp_path, monkeypatch, tiny, features
):
    assert run(gantool_cli, tmp_path, monkeypatch, tiny, "--images", "8", "--name", "one", "-q").code == 0
    checkpoint = tmp_path / "runs/one/checkpoints/000000008/discriminator.safetensors"
    with safe_open(checkpoint, "pt") as file:
        assert [name for name in file.keys() if name.startswith("features.")] == ["features.digest"]  # noqa: SIM118
    save_file(random_weights(1), features)
    try:
        refused = gantool_cli("train", "--resume", "runs/one", "--images", "16", "-q")
        way_on = ("--init", "runs/one/generator.safetensors", "--images", "8", "--batch", "4", "--name", "two", "-q")
        begun = gantool_cli("train", *way_on)
    finally:
        save_file(random_weights(0), features)
    assert refused.code == 1
    assert "trained on features of efficientnet with other weights" in refused.err
    assert "begin a new run without this discriminator: --init RUN/generator.safetensors" in refused.err
    assert begun.code == 0, begun.err


@pytest.mark.long
def test_a_run_finds_its_file_of_weights_from_any_folder(gantool_cli, tmp_path, monkeypatch, tiny, features):
    copyfile(features, tmp_path / "own.safetensors")
    relative = tiny.replace(str(features), "own.safetensors")
    assert run(gantool_cli, tmp_path, monkeypatch, relative, "--images", "8", "--name", "one", "-q").code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ended = gantool_cli("train", "--resume", "../runs/one", "--images", "16", "-q")
    assert ended.code == 0, ended.err


@pytest.mark.long
def test_another_run_begins_with_its_weights_and_counts_no_features(gantool_cli, tmp_path, monkeypatch, tiny):
    assert run(gantool_cli, tmp_path, monkeypatch, tiny, "--images", "8", "--name", "one", "-q").code == 0
    begun = gantool_cli("train", "--init", "runs/one", "--images", "8", "--name", "two", "--batch", "4")
    assert begun.code == 0
    assert "Generator: all" in begun.err
    assert "Discriminator: all" in begun.err
    assert begun.err.count("flatter") == 1
    refused = gantool_cli("train", "--init", "runs/one", "--arch", "fastgan:latent=8", "--images", "8", "--dry-run")
    assert "give --arch fastgan:latent=8,width=1, by which each side has as many" in " ".join(refused.err.split())
    same = "fastgan:width=1,latent=8"  # the same generator, which has learnt to please the features
    begun = gantool_cli("train", "--init", "runs/one", "--arch", same, "--images", "8", "--name", "three", "-q")
    assert "runs/one learnt by features of efficientnet, so metrics by efficientnet flatter what begins" in begun.err
    begun = gantool_cli("train", "--init", "runs/three", "--images", "8", "--name", "four", "-q")
    assert "runs/three learnt by features of efficientnet, so metrics by efficientnet flatter" in begun.err
    measured = gantool_cli("evaluate", "runs/four", "--metric", "kid", "-n", "8")
    assert "not by efficientnet, by which fastgan's model of --init learnt" in measured.err


@pytest.mark.long
def test_without_weights_it_draws_and_is_not_trained(gantool_cli, tmp_path, monkeypatch, tiny, features):
    assert run(gantool_cli, tmp_path, monkeypatch, tiny, "--images", "8", "--name", "one", "-q").code == 0
    hidden = features.rename(features.with_suffix(".hidden"))
    try:
        assert isinstance(build(options(features), gantool.ImageShape(32)).discriminator.features, Absent)
        assert gantool_cli("sample", "runs/one", "-n", "2").code == 0
        refused = run(gantool_cli, tmp_path, monkeypatch, tiny, "--images", "8", "--name", "two")
    finally:
        hidden.rename(features)
    assert refused.code != 0
    assert "there is no such file" in refused.err
    assert not (tmp_path / "runs" / "two").exists()


def test_frozen_weights_are_the_same_bit_for_bit_after_steps(features):
    gan = build(options(features, side=32), gantool.ImageShape(32))
    frozen = {name: weight for name, weight in gan.discriminator.named_parameters() if not weight.requires_grad}
    before = {name: weight.clone() for name, weight in frozen.items()}
    assert {name.partition(".")[0] for name in frozen} == {"features", "mixing"}
    learning = [weight for network in gan.networks for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=0.1, weight_decay=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        gan.discriminator(gan.generator(torch.randn(4, 8))).sum().backward()
        optimizer.step()
    assert all(torch.equal(weight, before[name]) for name, weight in frozen.items())


@pytest.mark.parametrize("word", ["side", "width"])
def test_options_at_auto_are_refused_by_the_factory(features, word):
    with pytest.raises(ValueError, match=f"{word} is still at 'auto'"):
        build(options(features, **{word: "auto"}), gantool.ImageShape(32))
