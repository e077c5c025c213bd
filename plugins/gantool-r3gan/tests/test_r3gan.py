"""The networks at the start and their layers; a run trains, its schedules fall, and it resumes exactly."""

import math
import tomllib

import pytest
import torch
from torch import nn

import gantool
from gantool.testing import check_architecture, check_penalty, write_untrained
from gantool_r3gan import FallingOptions, R3ganOptions
from gantool_r3gan.layers import Block, Double, Halve
from gantool_r3gan.networks import build
from gantool_r3gan.penalties import R1, R2
from gantool_r3gan.settling import channels, gamma, widths

TINY = R3ganOptions(width=8, blocks=1, group=4, latent=8, embedding=4)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_a_block_begins_as_the_identity_and_can_learn():
    block, x = Block(16, expansion=2, group=8, depth=6), torch.randn(2, 16, 5, 5)
    assert torch.equal(block(x), x)
    block(x).square().sum().backward()
    assert block.project.weight.grad.abs().max() > 0
    assert block.grouped.weight.shape == (32, 8, 3, 3)


def test_the_inner_convolutions_begin_scaled_by_depth():
    one, many = (Block(256, 2, 16, depth) for depth in (1, 16))
    assert float(many.expand.weight.detach().std() / one.expand.weight.detach().std()) == pytest.approx(0.5, rel=0.02)


def test_resampling_keeps_constants_and_halving_keeps_a_line():
    flat = torch.full((1, 3, 8, 8), 0.7)
    assert torch.allclose(Double(3, 3)(flat), torch.full((1, 3, 16, 16), 0.7))
    assert torch.allclose(Halve(3, 3)(flat), torch.full((1, 3, 4, 4), 0.7))
    slope = torch.arange(16.0).expand(1, 1, 16, 16)
    halved = Halve(1, 1)(slope)[0, 0, 3]
    assert torch.allclose(halved[1:-1], torch.arange(0.5, 16, 2)[1:-1])  # in the middle between two pixels


def test_halving_undoes_nothing_but_detail():
    grid = (torch.arange(16)[:, None] + torch.arange(16)).remainder(2).float()[None, None]
    assert torch.allclose(Halve(1, 1)(grid)[..., 1:-1, 1:-1], torch.full((1, 1, 6, 6), 0.5))


def test_there_is_no_normalisation():
    gan = build(TINY, gantool.ImageShape(32))
    kinds = {type(module) for network in (gan.generator, gan.discriminator) for module in network.modules()}
    assert not [kind for kind in kinds if "Norm" in kind.__name__]
    assert not {name for name, _ in gan.generator.named_buffers() if "running" in name}


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_papers_width_has_the_parameters_that_its_layers_add_up_to():
    """At 32 pixels 8 blocks of 768 channels, 96 groups inside; about 20 million for each network."""
    block = 768 * 1536 * 2 + 1536 * 16 * 9 + 2 * 1536
    gan = build(R3ganOptions(), gantool.ImageShape(32))
    assert count(gan.generator) == 8 * block + 768 * 16 + 64 * 768 + 768 * 3
    assert count(gan.discriminator) == 8 * block + 768 * 16 + 768 + 3 * 768


def test_channels_fall_beyond_32_pixels_and_split_into_groups():
    options = R3ganOptions(width=768)
    assert [channels(options, side) for side in (4, 32, 64, 128, 256)] == [768, 768, 384, 192, 96]
    assert channels(R3ganOptions(width=100), 32) == 96
    assert channels(R3ganOptions(width=1, group=3, expansion=2), 256) == 3


def test_auto_is_what_the_runs_length_can_train():
    lengths = [gantool.Setting(32, 3, 16, images, lambda: 10) for images in (50_000, 200_000, 5_000_000)]
    assert [widths(R3ganOptions(), length)[0].width for length in lengths] == [96, 256, 768]
    setting = gantool.Setting(64, 3, 16, 1000, lambda: 10)
    resolved, why = gamma(FallingOptions(), setting)
    assert (resolved.weight, resolved.images, resolved.end) == (2.0, 1000, 0.1)
    assert "64 pixels" in why
    assert gamma(FallingOptions(weight=1.0, images=5), setting)[0] == FallingOptions(weight=1.0, images=5)


def test_gamma_falls_by_a_cosine_and_stays():
    penalty = R1(FallingOptions(weight=2.0, images=100))
    assert penalty.weight == 1.0
    told = []
    for images_seen in (0, 50, 100, 1000):
        penalty.advance(images_seen)
        told.append(penalty.status()["gamma"])
    assert told == pytest.approx([2.0, 1.1, 0.2, 0.2])
    with pytest.raises(ValueError, match="auto"):
        R2(FallingOptions())


def test_the_penalties_are_squared_gradients_at_reals_and_at_fakes():
    def network(images, labels):
        return images[0].square().flatten(1).sum(dim=1)

    options = FallingOptions(weight=1.0, images=1)
    real, fake = (torch.full((2, 1, 2, 2), value) for value in (1.0, 3.0))
    assert torch.allclose(R1(options)(network, (real,), (fake,), None), torch.tensor(16.0))  # 4 pixels of slope 2
    assert torch.allclose(R2(options)(network, (real,), (fake,), None), torch.tensor(4 * 36.0))


def test_a_label_changes_pictures_and_logits():
    gan = build(TINY, gantool.ImageShape(32, classes=2))
    z, labels = torch.randn(1, 8).expand(2, 8), torch.tensor([0, 1])
    (pictures,) = gan.generator(z, labels)
    assert not torch.allclose(pictures[0], pictures[1])
    logits = gan.discriminator((pictures[:1].expand(2, -1, -1, -1),), labels)
    assert not math.isclose(*logits.tolist())


@pytest.mark.slow
def test_it_conforms():
    check_architecture("r3gan:width=8,blocks=1,group=4,latent=8,embedding=4", resolutions=(32,))
    check_penalty("r1-falling")
    check_penalty("r2-falling:weight=0.5")


QUICK = ("train", "--arch", "r3gan:width=8,blocks=1,group=4", "--data", "shapes", "--resolution", "32", "--batch", "4",
         "--device", "cpu", "--precision", "float32", "-q")  # fmt: skip


@pytest.mark.long
def test_a_run_that_goes_on_is_the_run_in_one_go(gantool_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    resolved = ("--penalty", "r1-falling:images=32", "--penalty", "r2-falling:images=32", "--lr-schedule", "cosine")
    config = tmp_path / "run.toml"
    config.write_text("horizon = 32\ntick = 8\n")
    base = (*QUICK, *resolved, "--config", config)
    assert gantool_cli(*base, "--images", "32", "--name", "whole").code == 0
    assert gantool_cli(*base, "--images", "16", "--name", "parts").code == 0
    assert gantool_cli("train", "--resume", "runs/parts", "--images", "32", "-q").code == 0
    one, other = ((tmp_path / "runs" / name / "generator.safetensors").read_bytes() for name in ("whole", "parts"))
    assert one == other
    gammas = [line for line in (tmp_path / "runs/whole/metrics.jsonl").read_text().splitlines() if '"gamma"' in line]
    assert len(gammas) == 4


@pytest.mark.long
def test_the_recipe_is_resolved_when_a_run_begins(gantool_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert gantool_cli(*QUICK, "--images", "8", "--name", "one", "--labels").code == 0
    config = tomllib.loads((tmp_path / "runs" / "one" / "config.toml").read_text())
    assert config["loss"] == "rpgan"
    assert config["penalty"] == [f"r{n}-falling:weight=0.23,end=0.1,images=8" for n in (1, 2)]
    assert config["betas"] == [0.0, 0.99]
    assert gantool_cli("sample", "runs/one", "-n", "2").code == 0


def test_a_run_has_the_schedules_of_the_paper_over_its_own_length() -> None:
    config = gantool.configure(arch="r3gan:width=16", resolution=32, images=4000, device="cpu", batch=16)
    assert (config.lr_schedule, config.lr_end, config.beta2_start, config.betas) == ("cosine", 0.25, 0.9, (0.0, 0.99))
    assert config.horizon == 4000


@pytest.mark.slow
@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
def test_a_model_is_exported_to_onnx_which_draws_the_same(tmp_path, gantool_cli, classes):
    """The command compares batches of 1, 2 and 5 by itself, and writes nothing that differs by more than 1e-4."""
    pytest.importorskip("onnxruntime")
    architecture = "r3gan:width=8,blocks=1,group=4,latent=8,embedding=4"
    model = write_untrained(tmp_path / "model.safetensors", architecture, resolution=32, class_names=classes)
    done = gantool_cli("export", model, "-o", tmp_path / "model.onnx")
    assert done.code == 0, done.err
    assert (tmp_path / "model.onnx").exists()
