import pytest
import torch

from gantool.api.specs import ImageShape
from gantool.builtin.architectures import MsgOptions
from gantool.builtin.architectures.equalized import pooled
from gantool.builtin.architectures.msg import build

SMALL = {"fmap_base": 64, "fmap_max": 8, "latent": 6}
WAYS = ["simple", "lin_cat", "cat_lin"]


def gan(resolution=16, classes=0, channels=3, **more):
    torch.manual_seed(0)
    return build(MsgOptions(**SMALL | more), ImageShape(resolution, channels, classes))


@pytest.mark.parametrize("resolution", [8, 64, 1024])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_draws_and_judges_a_pyramid_from_4_pixels_up(resolution, channels):
    made = gan(resolution, channels=channels)
    images = made.generator(torch.randn(2, 6))
    assert [image.shape[-1] for image in images] == [4 * 2**k for k in range(len(images))]
    assert images[-1].shape == (2, channels, resolution, resolution)
    assert made.discriminator(images).shape == (2,)


def test_reals_are_an_average_pooled_pyramid():
    batch = torch.randn(2, 3, 16, 16)
    four, eight, sixteen = gan().view(batch)
    assert torch.equal(sixteen, batch)
    assert torch.equal(eight, pooled(batch))
    assert torch.allclose(four, pooled(batch, 4), atol=1e-6)


@pytest.mark.parametrize("combine", WAYS)
def test_every_level_reaches_the_verdict_and_every_weight_has_a_gradient(combine):
    made = gan(combine=combine, classes=2)
    labels = torch.tensor([0, 1, 1, 0])
    images = tuple(image.detach().requires_grad_() for image in made.generator(torch.randn(4, 6), labels))
    made.discriminator(images, labels).sum().backward()
    assert all(image.grad.abs().sum() > 0 for image in images)
    made.discriminator(made.generator(torch.randn(4, 6), labels), labels).sum().backward()
    for network in (made.generator, made.discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_the_three_ways_of_combining_differ_by_their_convolutions():
    def convolutions(combine):
        return [tuple(p.shape) for p in gan(combine=combine).discriminator.join.parameters() if p.dim() == 4]

    assert convolutions("simple") == []
    assert convolutions("lin_cat") == [(8, 3, 1, 1), (8, 3, 1, 1)]
    assert convolutions("cat_lin") == [(8, 11, 1, 1), (8, 11, 1, 1)]


def test_the_finest_level_alone_is_the_same_network_without_the_others():
    whole, alone = gan(), gan(levels="finest")
    (image,) = alone.generator(torch.randn(2, 6))
    assert image.shape[-1] == 16
    assert len(alone.view(torch.randn(2, 3, 16, 16))) == 1
    assert alone.discriminator((image,)).shape == (2,)
    names = [{name for name, _ in made.generator.named_parameters()} for made in (whole, alone)]
    assert {name.split(".")[0] for name in names[0] - names[1]} == {"to_rgb"}


def test_bf16_gives_pictures_in_every_way():
    for combine in WAYS:
        made = gan(combine=combine)
        with torch.autocast("cpu", torch.bfloat16):
            assert made.discriminator(made.generator(torch.randn(4, 6))).isfinite().all()
