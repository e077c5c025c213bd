import gantool
import torch
from gantool.testing import check_architecture

from gantool_your_name import YourNameOptions, gantool_architectures
from gantool_your_name.networks import build, channels


def test_it_conforms() -> None:
    (spec,) = gantool_architectures()
    check_architecture(spec, resolutions=(8, 16), quick=True)


def test_channels_halve_as_the_side_doubles() -> None:
    assert channels(32, 32) == [256, 128, 64, 32]
    assert channels(32, 256) == [256, 256, 256, 256, 128, 64, 32]


def test_another_label_makes_another_picture_and_another_logit() -> None:
    gan = build(YourNameOptions(width=4), gantool.ImageShape(8, classes=2))
    gan.generator.eval()
    z, one, other = torch.randn(1, gan.latent_dim), torch.tensor([0]), torch.tensor([1])
    assert not torch.equal(gan.generator(z, one)[-1], gan.generator(z, other)[-1])
    images = gan.generator(z, one)
    assert not torch.equal(gan.discriminator(images, one), gan.discriminator(images, other))
