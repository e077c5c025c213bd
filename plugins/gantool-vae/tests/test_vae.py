"""The bound's identities, the networks around any decoder, and runs that resume exactly and reconstruct."""

import json
import math

import pytest
import torch
from PIL import Image
from torch.distributions import Independent, Normal, kl_divergence

import gantool
from gantool.testing import check_architecture, check_command, write_untrained
from gantool_vae import VaeOptions
from gantool_vae.bound import divergence, surprise
from gantool_vae.networks import build
from gantool_vae.settling import settle

DECODER = "dcgan:width=4,latent=6"
TINY = VaeOptions(decoder=DECODER, width=4, images=100)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_the_divergence_is_that_of_the_distributions():
    mean, log_variance = torch.randn(3, 5), torch.randn(3, 5)
    ours, prior = Normal(mean, (log_variance / 2).exp()), Normal(torch.zeros(3, 5), torch.ones(3, 5))
    expected = kl_divergence(Independent(ours, 1), Independent(prior, 1))
    assert torch.allclose(divergence(mean, log_variance), expected)


def test_the_surprise_is_the_negative_log_likelihood():
    error = torch.randn(3, 8) / 100
    for sigma in (1.3, 0.01, 1 / 255):
        values, used = surprise(error, torch.tensor(sigma).log())
        assert torch.allclose(values, -Normal(0.0, sigma).log_prob(error).sum(dim=1), rtol=1e-4)
        assert float(used.exp()) == pytest.approx(sigma)


def test_the_optimal_sigma_is_the_least_and_its_gradient_that_of_the_log_error():
    error = (0.2 * torch.randn(4, 50)).requires_grad_(True)
    values, log_sigma = surprise(error, None)
    assert all(values.mean() < surprise(error, log_sigma + shift)[0].mean() for shift in (-0.1, 0.1))
    ours = torch.autograd.grad(values.mean(), error)[0]
    whole = torch.autograd.grad(50 / 2 * error.square().mean().log(), error)[0]
    assert torch.allclose(ours, whole, atol=1e-6)


def test_an_error_of_nothing_stays_finite():
    values, log_sigma = surprise(torch.zeros(2, 4), None)
    assert torch.isfinite(values).all()
    assert float(log_sigma) == -6


def seen(gan, channels=3, labels=None, side=16):
    real = gan.view(torch.rand(4, channels, side, side) * 2 - 1)
    z = torch.randn(4, gan.latent_dim)
    return gantool.Seen(z, labels, gan.generator(z, labels), real)


@pytest.mark.parametrize("sigma", ["optimal", "learned", 0.5])
def test_sigma_follows_the_batch_or_learns_or_stays(sigma):
    gan = build(TINY.model_copy(update={"sigma": sigma}), gantool.ImageShape(16))
    before = gan.status()["sigma"]
    terms = gan.terms("generator", seen(gan))
    sum(term.mean() for term in terms.values()).backward()
    learns = [name for name, weight in gan.generator.named_parameters() if name == "log_sigma" and weight.grad]
    assert bool(learns) == (sigma == "learned")
    assert (gan.status()["sigma"] != before) == (sigma == "optimal")
    if sigma == "optimal":  # the likelihood of a batch by its own error
        expected = 3 * 256 * (math.log(gan.status()["sigma"]) + (1 + math.log(2 * math.pi)) / 2)
        assert float(terms["reconstruction"].mean().detach()) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("sigma", [1 / 255, "learned"])
def test_status_tells_the_sigma_that_the_likelihood_is_by(sigma):
    gan = build(TINY.model_copy(update={"sigma": sigma}), gantool.ImageShape(16))
    if sigma == "learned":
        gan.generator.log_sigma.data.fill_(-20.0)
    told = gan.status()["sigma"]
    assert told == pytest.approx(math.exp(-6) if sigma == "learned" else sigma)
    given = seen(gan)
    torch.manual_seed(1)
    reconstruction = gan.terms("generator", given)["reconstruction"]
    torch.manual_seed(1)
    mean, log_variance = gan.generator.encoder(given.real[-1], None)
    drawn = gan.generator(mean + (log_variance / 2).exp() * torch.randn_like(mean))[-1]
    expected = -Normal(drawn, told).log_prob(given.real[-1]).flatten(1).sum(dim=1)
    torch.testing.assert_close(reconstruction, expected, rtol=1e-3, atol=0)


def test_the_divergence_warms_up_by_the_clock():
    gan = build(TINY.model_copy(update={"beta": 2.0, "warmup": 0.5}), gantool.ImageShape(16))
    told = []
    for images_seen in (0, 25, 50, 1000):
        gan.advance(images_seen)
        told.append(gan.status()["beta"])
    assert told == [0, 1, 2, 2]
    gan.advance(0)
    assert not gan.terms("generator", seen(gan))["kl"].any()
    assert settle(VaeOptions(), gantool.Setting(16, 3, 4, 77, lambda: 9))[0].images == 77


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_labels_and_channels_reach_encoder_and_decoder(channels):
    gan = build(TINY, gantool.ImageShape(16, channels, classes=3))
    pictures = torch.rand(1, channels, 16, 16).expand(2, -1, -1, -1)
    one, other = gan.generator.eval().encode(pictures, torch.tensor([0, 2]))
    assert not torch.allclose(one, other)
    with pytest.raises(gantool.UsageError, match="labels"):
        gan.generator.encode(pictures)


@pytest.mark.parametrize(
    ("decoder", "levels"),
    [("mlp:generator_hidden=8", 1), ("msg:fmap_base=32", 3), ("progressive:fmap_base=32", 1)],
)
def test_any_generator_decodes(decoder, levels):
    gan = build(VaeOptions(decoder=decoder, width=4, images=1000), gantool.ImageShape(16))
    gan.advance(0)
    side = gan.stages(4)[0].resolution if gan.stages(4) else 16
    batch = seen(gan, side=side)
    assert len(batch.real) == levels
    assert set(gan.terms("generator", batch)) == {"reconstruction", "kl"}


@pytest.mark.parametrize(
    ("decoder", "words"),
    [("dcgn", "dcgan"), ("dcgan:wdth=4", "width"), ("dcgan", "20 pixels"), (f'vae:decoder="{DECODER}"', "without a")],
)
def test_a_decoder_that_cannot_be_is_told(decoder, words):
    side = 20 if words == "20 pixels" else 16
    with pytest.raises(gantool.UsageError, match=words):
        build(VaeOptions(decoder=decoder), gantool.ImageShape(side))


@pytest.mark.slow
@pytest.mark.parametrize("decoder", [DECODER, "mlp:latent=6,generator_hidden=16", "progressive:fmap_base=32,latent=6"])
def test_it_conforms(decoder):
    check_architecture(f'vae:decoder="{decoder}",width=4', resolutions=(16,))


def test_the_decoder_of_the_default_draws_each_sample_by_itself():
    gan = build(VaeOptions(images=100), gantool.ImageShape(16))
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in gan.generator.decoder.modules())


def test_the_command_conforms():
    check_command("reconstruct")


QUICK = ("train", "--arch", f'vae:decoder="{DECODER}",width=4,images=32', "--data", "shapes", "--resolution", "16",
         "--batch", "4", "--device", "cpu", "--precision", "float32", "-q")  # fmt: skip


@pytest.mark.long
def test_a_run_that_goes_on_is_the_run_in_one_go_and_draws(gantool_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "run.toml"
    config.write_text("tick = 8\n")
    base = (*QUICK, "--config", config)
    assert gantool_cli(*base, "--images", "32", "--name", "whole").code == 0
    assert gantool_cli(*base, "--images", "16", "--name", "parts").code == 0
    assert gantool_cli("train", "--resume", "runs/parts", "--images", "32", "-q").code == 0
    one, other = ((tmp_path / "runs" / name / "generator.safetensors").read_bytes() for name in ("whole", "parts"))
    assert one == other
    lines = [json.loads(line) for line in (tmp_path / "runs/whole/metrics.jsonl").read_text().splitlines()]
    assert {"reconstruction", "kl", "sigma", "beta"} <= {key for line in lines for key in line}
    assert gantool_cli("sample", "runs/whole", "-n", "2").code == 0
    assert gantool_cli("interpolate", "runs/whole", "--seeds", "1,2", "--frames", "3", "-o", "walk.gif").code == 0


@pytest.mark.long
def test_pictures_stand_above_their_reconstructions(gantool_cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert gantool_cli(*QUICK, "--images", "8", "--name", "one", "--labels").code == 0
    done = gantool_cli("reconstruct", "runs/one", "shapes", "-n", "3", "-o", "again.png", "--json")
    assert json.loads(done.out)["pictures"] == 3
    with Image.open("again.png") as sheet:
        assert sheet.width > sheet.height
    Image.new("RGB", (40, 30), "red").save("red.png")
    refused = gantool_cli("reconstruct", "runs/one", "red.png", "-o", "red-again.png")
    assert refused.code != 0
    assert "--label" in refused.err
    assert gantool_cli("reconstruct", "runs/one", "red.png", "--label", "1", "-o", "red-again.png").code == 0
    assert gantool_cli("train", "--arch", "dcgan:width=4", *QUICK[3:], "--images", "8", "--name", "gan").code == 0
    refused = gantool_cli("reconstruct", "runs/gan", "shapes", "-o", "none.png")
    assert "has no encoder" in refused.err


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
def test_a_decoder_is_exported(tmp_path, suffix):
    """Batches of 1, 2 and 5 are compared there, and nothing is written that differs by more than 1e-4."""
    pytest.importorskip("onnxruntime")
    architecture = f'vae:decoder="{DECODER}",width=4'
    model = write_untrained(tmp_path / "model.safetensors", architecture, resolution=16, class_names=("cat", "dog"))
    assert gantool.export(gantool.load(model), tmp_path / f"model{suffix}")[0].exists()
