import copy

import pytest
import torch

from gantool.api.specs import ImageShape
from gantool.builtin.architectures import ProgressiveOptions
from gantool.builtin.architectures.equalized import pooled
from gantool.builtin.architectures.growth import Growth
from gantool.builtin.architectures.layers import upsampled
from gantool.builtin.architectures.progressive import build
from gantool.engine.memory_estimate import trainable

SMALL = {"fmap_base": 64, "fmap_max": 8, "latent": 6, "stabilise_kimg": 0.1, "fade_kimg": 0.05}


def gan(resolution=16, classes=0, **more):
    torch.manual_seed(0)
    return build(ProgressiveOptions(**SMALL | more), ImageShape(resolution, 3, classes))


def test_the_papers_networks_number_for_number():
    paper = build(ProgressiveOptions(fmap_base=8192, fmap_max=512), ImageShape(1024, 3))
    assert trainable(paper.generator) == 23_079_115
    assert trainable(paper.discriminator) == 23_087_249


@pytest.mark.parametrize("resolution", [8, 16, 32, 64, 128, 256, 512, 1024])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_draws_and_judges_every_size(resolution, channels):
    made = build(ProgressiveOptions(**SMALL), ImageShape(resolution, channels))
    (images,) = made.generator(torch.randn(2, 6))
    assert images.shape == (2, channels, resolution, resolution)
    assert made.discriminator((images,)).shape == (2,)


@pytest.mark.parametrize("level", [1, 2])
def test_at_alpha_0_the_grown_generator_is_the_smaller_one_scaled_up(level):
    grown, z = gan(), torch.randn(5, 6)
    small = copy.deepcopy(grown)
    grown._set(Growth(level, 0.0))
    small._set(Growth(level - 1))
    assert torch.equal(grown.generator(z)[0], upsampled(small.generator(z)[0]))


@pytest.mark.parametrize("level", [1, 2])
def test_at_alpha_0_the_grown_discriminator_is_the_smaller_one_on_pooled_input(level):
    grown = gan()
    small = copy.deepcopy(grown)
    grown._set(Growth(level, 0.0))
    small._set(Growth(level - 1))
    images = torch.randn(8, 3, 4 * 2**level, 4 * 2**level)
    assert torch.equal(grown.discriminator((images,)), small.discriminator((pooled(images),)))


def test_at_alpha_1_the_old_layers_have_no_gradient_and_in_between_all_have():
    for alpha, expected in ((1.0, False), (0.5, True)):
        made = gan()
        made._set(Growth(2, alpha))
        made.discriminator(made.generator(torch.randn(4, 6))).sum().backward()
        for layers in (made.generator.to_rgb, made.discriminator.from_rgb):
            assert (layers[1].weight.grad is not None) == expected
            assert layers[2].weight.grad is not None
            assert layers[0].weight.grad is None


def test_what_is_not_grown_yet_has_no_gradient():
    made = gan()
    made.advance(0)
    made.discriminator(made.generator(torch.randn(4, 6))).sum().backward()
    assert all(p.grad is None for network in (made.generator, made.discriminator) for p in network.blocks.parameters())
    assert made.generator.to_rgb[0].weight.grad is not None


def test_reals_shrink_and_fade_as_fakes_do():
    made, batch = gan(), torch.randn(3, 3, 16, 16)
    made.advance(0)
    assert torch.equal(made.view(batch)[0], pooled(batch, 4))
    assert torch.equal(made.view(pooled(batch, 4))[0], pooled(batch, 4))  # reduced already, as the data come
    made.advance(100)  # 8 pixels, alpha 0
    assert torch.equal(made.view(batch)[0], upsampled(pooled(pooled(batch))))
    made.advance(125)
    half = pooled(batch)
    assert torch.allclose(made.view(batch)[0], (half + upsampled(pooled(half))) / 2)
    made.advance(10_000)
    assert torch.equal(made.view(batch)[0], batch)


def test_stages_are_told_with_side_batch_and_fresh_moments():
    told = [(s.start, s.resolution, s.batch, s.title, s.fresh_moments) for s in gan(64).stages(16)]
    assert told == [
        (0, 4, 16, "train 4 pixels", True),
        (100, 8, 16, "fade in 8 pixels", True),
        (150, 8, 16, "train 8 pixels", True),
        (250, 16, 16, "fade in 16 pixels", True),
        (300, 16, 16, "train 16 pixels", True),
        (400, 32, 16, "fade in 32 pixels", True),
        (450, 32, 16, "train 32 pixels", True),
        (550, 64, 8, "fade in 64 pixels", True),
        (600, 64, 8, "train 64 pixels", True),
    ]
    assert not any(stage.fresh_moments for stage in gan(64, reset_moments=False).stages(16))


def test_status_levels_and_show():
    made = gan()
    made.advance(125)
    assert made.status() == {"level": 8, "alpha": 0.5}
    assert tuple(made.levels()) == (4, 8)
    made.show(4)
    assert made.generator(torch.randn(2, 6))[0].shape[-1] == 4
    assert made.status() == {"level": 8, "alpha": 0.5}
    made.show(None)
    assert made.generator.growth == Growth(1, 0.5)


def test_the_length_of_z_does_not_matter():
    made, z = gan(), torch.randn(3, 6)
    assert torch.allclose(made.generator(z)[0], made.generator(9 * z)[0], atol=1e-5)


def test_the_label_changes_picture_and_judgement():
    made, z = gan(classes=2), torch.randn(3, 6)
    zeros, ones = torch.zeros(3, dtype=torch.int64), torch.ones(3, dtype=torch.int64)
    images = made.generator(z, zeros)
    assert not torch.equal(images[0], made.generator(z, ones)[0])
    assert not torch.equal(made.discriminator(images, zeros), made.discriminator(images, ones))
    with pytest.raises(ValueError, match="without labels"):
        made.generator(z, None)


def test_pictures_are_drawn_with_gain_1():
    made = gan()
    assert [layer.scale for layer in made.generator.to_rgb] == pytest.approx([8**-0.5] * 3)
