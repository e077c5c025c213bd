"""Generator and discriminator: sizes, w, noise, mixing, and what training leaves in their buffers."""

import copy

import pytest
import torch

import gantool
from gantool_stylegan2 import StyleGan2
from gantool_stylegan2.networks import build
from gantool_stylegan2.widths import settle

SMALL = StyleGan2(channel_base=128, channel_max=8, latent=8)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def made(resolution=32, channels=3, classes=0, **options):
    return build(SMALL.model_copy(update=options), gantool.ImageShape(resolution, channels, classes))


def size(network):
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def test_the_reference_has_as_many_parameters():
    """StyleGAN2-ADA's automatic configuration at 64 pixels."""
    with torch.device("meta"):
        gan = build(StyleGan2(), gantool.ImageShape(64))
    assert (size(gan.generator), size(gan.discriminator)) == (22_243_608, 23_407_361)


def resolved_for(options, resolution, images):
    return settle(options, gantool.Setting(resolution, 3, 16, images, lambda: 10))[0]


def test_auto_is_the_references_width_for_long_runs_and_small_for_short_ones():
    long = resolved_for(StyleGan2(), 64, 1_000_000)
    assert (long.channel_base, long.channel_max, long.latent, long.mapping_layers) == (16384, 512, 512, 2)
    assert resolved_for(StyleGan2(), 512, 10**7).channel_base == 32768
    short = resolved_for(StyleGan2(channel_max=100), 64, 50_000)
    assert (short.channel_base, short.channel_max, short.latent) == (1024, 100, 100)
    assert resolved_for(StyleGan2(), 256, 50_000).channel_base == 16 * 256
    assert resolved_for(StyleGan2(), 1024, 10**7).channel_base == 32768  # 32 at 1024 pixels


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"mapping_layers": 8}, "as wide as 1,000 images at 32 pixels can train"),
        ({"channel_base": 512, "channel_max": 8, "mapping_layers": 8}, "latent as wide as the widest layer"),
        ({"channel_base": 512, "channel_max": 8, "latent": 8}, "2 mapping layers, as in StyleGAN2-ADA"),
    ],
)
def test_the_reason_of_auto_is_of_what_was_not_given(given, why):
    assert settle(StyleGan2(**given), gantool.Setting(32, 3, 16, 1000, lambda: 10))[1] == why


@pytest.mark.parametrize("resolution", [32, 64, 128, 256, 512, 1024])
def test_every_side_is_drawn_and_judged(resolution):
    gan = made(resolution, channel_base=16, channel_max=4)
    (picture,) = gan.generator(torch.randn(2, 8))
    assert picture.shape == (2, 3, resolution, resolution)
    assert gan.discriminator((picture,)).shape == (2,)


def test_pictures_have_the_size_of_pictures_before_any_training():
    (picture,) = made(64).generator(torch.randn(16, 8))
    assert 0.05 < picture.std() < 5


def test_the_same_latent_is_the_same_picture_in_evaluation_and_not_in_training():
    generator = made(style_mixing=0.0).generator
    for layer in generator.synthesis.convs:
        layer.strength.data.fill_(1.0)
    z = torch.randn(2, 8)
    assert not torch.equal(generator(z)[0], generator(z)[0])
    generator.eval()
    assert torch.equal(generator(z)[0], generator(z)[0])
    kept = torch.get_rng_state()
    generator(z)
    assert torch.equal(torch.get_rng_state(), kept)  # no noise is drawn


def test_without_noise_there_is_nothing_to_draw():
    generator = made(noise=False, style_mixing=0.0).generator
    z = torch.randn(2, 8)
    assert torch.equal(generator(z)[0], generator(z)[0])
    assert not [name for name, _ in generator.named_parameters() if "strength" in name]


def test_mixing_no_layer_or_all_layers_is_one_of_the_two_latents():
    generator = made().generator.eval()
    a, b = generator.map(torch.randn(1, 8), None), generator.map(torch.randn(1, 8), None)
    layers = torch.arange(a.shape[1])[None, :, None]
    assert torch.equal(generator.synthesize(torch.where(layers >= 0, b, a))[0], generator.synthesize(b)[0])
    assert torch.equal(generator.synthesize(torch.where(layers < 0, b, a))[0], generator.synthesize(a)[0])
    half = generator.synthesize(torch.where(layers >= 4, b, a))[0]
    assert not torch.allclose(half, generator.synthesize(a)[0])
    assert not torch.allclose(half, generator.synthesize(b)[0])


def test_every_layers_w_reaches_the_picture():
    generator = made().generator.eval()
    w = generator.map(torch.randn(1, 8), None).detach().clone().requires_grad_(True)
    generator.synthesize(w)[0].square().sum().backward()
    assert (w.grad.abs().sum(dim=2) > 0).all()


def test_training_mixes_as_many_as_asked_for():
    generator = made(style_mixing=0.5).generator
    w = generator.map(torch.randn(512, 8), None)
    mixed = (generator._mixed(w, None) != w).any(dim=2)  # [n, layers]
    assert mixed.any(dim=1).float().mean().item() == pytest.approx(0.5, abs=0.08)
    assert not mixed[:, 0].any()  # the first layer keeps its own
    assert (mixed.int().diff(dim=1) >= 0).all()  # coarse from one, fine from the other
    assert 0 < mixed.float().mean() < 0.5


def test_the_running_mean_of_w_converges_to_the_mean():
    generator = made().generator
    for _ in range(1500):
        generator.map(torch.randn(16, 8), None)
    seen = generator.mean_w.clone()
    generator.eval()
    mean = generator.map(torch.randn(8192, 8), None)[:, 0].mean(dim=0)
    assert torch.allclose(seen, mean, atol=0.1)
    assert mean.abs().max() > 0.2  # or nothing would be shown
    assert torch.equal(generator.mean_w, seen)  # evaluation changes nothing


def test_what_is_not_finite_is_not_remembered():
    generator = made().generator
    generator.map(torch.full((2, 8), torch.nan), None)
    assert torch.isfinite(generator.mean_w).all()


def test_labels_change_pictures_and_verdicts_and_are_asked_for():
    gan = made(classes=3)
    generator = gan.generator.eval()
    z = torch.randn(1, 8).expand(3, -1)
    pictures = generator(z, torch.arange(3))
    assert not torch.allclose(pictures[0][0], pictures[0][1])
    same = (pictures[0][:1].expand(4, -1, -1, -1),)
    logits = gan.discriminator(same, torch.tensor([0, 0, 1, 2]))
    assert logits[0] == logits[1]
    assert len(set(logits.tolist())) == 3
    for call in (lambda: generator(z), lambda: gan.discriminator(same)):
        with pytest.raises(ValueError, match="without labels"):
            call()


def test_every_parameter_gets_a_gradient():
    gan = made(classes=2)
    labels = torch.tensor([0, 1, 0, 1])
    gan.discriminator(gan.generator(torch.randn(4, 8), labels), labels).sum().backward()
    for network in (gan.generator, gan.discriminator):
        assert [name for name, weight in network.named_parameters() if weight.grad is None] == []


def test_in_bfloat16_pictures_are_nearly_the_same():
    gan = made(64)
    generator = gan.generator.eval()
    z = torch.randn(4, 8)
    with torch.no_grad():
        (exact,) = generator(z)
        with torch.autocast("cpu", torch.bfloat16):
            (rough,) = generator(z)
            verdict = gan.discriminator((rough,))
    assert rough.dtype == verdict.dtype == torch.float32
    assert (rough - exact).std() < 0.05 * exact.std()


def test_channels_last_changes_nothing():
    generator = made().generator.eval()
    z = torch.randn(4, 8)
    other = copy.deepcopy(generator).to(memory_format=torch.channels_last)
    assert torch.allclose(generator(z)[0], other(z)[0], atol=1e-5)
