import pytest
import torch

from gantool.api.specs import ImageShape
from gantool.builtin.architectures import DcganOptions, MlpOptions, dcgan, mlp
from gantool.engine.memory_estimate import trainable

SMALL = {"width": 4, "max_width": 8, "latent": 6}


def test_dcgan_with_transposed_convolutions_is_the_well_known_network_weight_for_weight():
    gan = dcgan.build(DcganOptions(grow="transposed"), ImageShape(64, 3))
    assert trainable(gan.generator) == 3_576_704
    assert trainable(gan.discriminator) == 2_765_568


@pytest.mark.parametrize("resolution", [16, 28, 32, 64, 128, 256])
@pytest.mark.parametrize("channels", [1, 3])
def test_dcgan_draws_and_judges_every_size(resolution, channels):
    gan = dcgan.build(DcganOptions(**SMALL), ImageShape(resolution, channels))
    (images,) = gan.generator(torch.randn(2, 6), None)
    assert images.shape == (2, channels, resolution, resolution)
    assert images.abs().max() <= 1
    assert gan.discriminator((images,), None).shape == (2,)


VARIANTS = [
    {"stem": "linear"},
    {"grow": "upsample"},
    {"shrink": "pool"},
    {"features": (16, 8)},
    {"discriminator_norm": "none"},
    {"discriminator_norm": "instance"},
    {"stem": "linear", "grow": "upsample", "shrink": "pool", "features": (16,)},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("resolution", [28, 32])
def test_gradients_reach_every_weight_of_every_variant(variant, resolution):
    gan = dcgan.build(DcganOptions(**SMALL | variant), ImageShape(resolution, 1, classes=3))
    labels = torch.tensor([0, 1, 2, 2])
    gan.discriminator(gan.generator(torch.randn(4, 6), labels), labels).sum().backward()
    for network in (gan.generator, gan.discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    "build", [lambda s: dcgan.build(DcganOptions(**SMALL), s), lambda s: mlp.build(MlpOptions(), s)]
)
def test_the_label_changes_picture_and_judgement(build):
    gan = build(ImageShape(16, 1, classes=2))
    for network in (gan.generator, gan.discriminator):
        network.eval()
    z, zeros, ones = torch.randn(3, gan.latent_dim), torch.zeros(3, dtype=torch.int64), torch.ones(3, dtype=torch.int64)
    assert not torch.equal(gan.generator(z, zeros)[0], gan.generator(z, ones)[0])
    images = gan.generator(z, zeros)
    assert not torch.equal(gan.discriminator(images, zeros), gan.discriminator(images, ones))
    with pytest.raises(ValueError, match="without labels"):
        gan.generator(z, None)


def test_mlp_has_the_lessons_layers():
    gan = mlp.build(MlpOptions(), ImageShape(28, 1))
    sizes = [
        (layer.in_features, layer.out_features) for layer in gan.generator.modules() if hasattr(layer, "in_features")
    ]
    assert sizes == [(100, 256), (256, 512), (512, 1024), (1024, 784)]
    sizes = [
        (layer.in_features, layer.out_features)
        for layer in gan.discriminator.modules()
        if hasattr(layer, "in_features")
    ]
    assert sizes == [(784, 512), (512, 256), (256, 1)]


def test_dcgan_weights_start_as_the_paper_says():
    torch.manual_seed(0)
    gan = dcgan.build(DcganOptions(grow="transposed"), ImageShape(32, 3))
    convolution = gan.generator.layers[4]
    assert convolution.weight.std().item() == pytest.approx(0.02, rel=0.02)
    gain = next(m for m in gan.generator.modules() if isinstance(m, torch.nn.BatchNorm2d)).weight
    assert gain.mean().item() == pytest.approx(1, abs=0.01)
    assert gain.std().item() == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize("arch", ["mlp", "dcgan"])
def test_spectral_normalisation_holds_every_layer_of_the_discriminator(arch):
    options = {"mlp": MlpOptions, "dcgan": DcganOptions}[arch](discriminator_norm="spectral")
    gan = {"mlp": mlp, "dcgan": dcgan}[arch].build(options, ImageShape(16))
    images = (torch.randn(4, 3, 16, 16),)
    for _ in range(50):  # the power iteration comes nearer with each pass in training
        gan.discriminator(images)
    weights = [m.weight for m in gan.discriminator.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(weights) == 3
    for weight in weights:
        assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=0.05)
    assert not any(torch.nn.utils.parametrize.is_parametrized(m) for m in gan.generator.modules())
