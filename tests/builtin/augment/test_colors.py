import math

import pytest
import torch

from gantool.builtin.augment import colors

MATRICES = {
    "brightness": (colors.brightness, (0.2, -0.3)),
    "contrast": (colors.contrast, (0.5, 2.0)),
    "luma_flip": (colors.luma_flip, (0.0, 1.0)),
    "hue": (colors.hue, (2.0, -1.0)),
    "saturation": (colors.saturation, (0.0, 3.0)),
}


def picture(n=2, channels=3, side=4, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    return torch.rand(n, channels, side, side, generator=drawn, dtype=torch.float64) * 2 - 1


def recolored(level, matrix, *amounts):
    return colors.recolored(level, matrix(torch.tensor(amounts, dtype=torch.float64)))


def luma(level):
    return level.mean(dim=1)


def test_brightness_adds_a_constant():
    level = picture()
    seen = recolored(level, colors.brightness, 0.2, -0.3)
    assert torch.allclose(seen[0], level[0] + 0.2)
    assert torch.allclose(seen[1], level[1] - 0.3)


def test_contrast_is_a_factor_about_the_middle_grey():
    level = picture()
    seen = recolored(level, colors.contrast, 0.5, 2.0)
    assert torch.allclose(seen, level * torch.tensor([0.5, 2.0]).view(2, 1, 1, 1))


@pytest.mark.parametrize(("matrix", "amounts"), [(colors.hue, (2.0, -1.0)), (colors.saturation, (0.0, 3.0))])
def test_hue_and_saturation_keep_the_luma_and_leave_greys_alone(matrix, amounts):
    level = picture()
    seen = recolored(level, matrix, *amounts)
    assert torch.allclose(luma(seen), luma(level))
    assert (seen - level).abs().amax() > 0.1
    grey = level[:, :1].expand_as(level)
    assert torch.allclose(recolored(grey, matrix, *amounts), grey)


def test_a_third_of_the_circle_makes_red_green_and_green_blue():
    seen = recolored(picture(), colors.hue, 2 * math.pi / 3, 0.0)
    assert torch.allclose(seen[0], picture()[0].roll(1, dims=0))
    assert torch.allclose(seen[1], picture()[1])


def test_turning_hues_keeps_how_colourful_each_pixel_is_and_turning_back_undoes_it():
    level = picture()
    seen = recolored(level, colors.hue, 0.7, -2.5)
    assert torch.allclose(seen.std(dim=1), level.std(dim=1))
    assert torch.allclose(recolored(seen, colors.hue, -0.7, 2.5), level)


def test_saturation_scales_the_distance_to_grey():
    level = picture()
    seen = recolored(level, colors.saturation, 0.0, 3.0)
    assert torch.allclose(seen.std(dim=1), level.std(dim=1) * torch.tensor([0.0, 3.0]).view(2, 1, 1))


def test_a_luma_flip_turns_the_luma_keeps_the_colours_and_undoes_itself():
    level = picture()
    seen = recolored(level, colors.luma_flip, 0.0, 1.0)
    assert torch.allclose(seen[0], level[0])
    assert torch.allclose(luma(seen[1:]), -luma(level[1:]))
    assert torch.allclose(seen[1] - seen[1].mean(dim=0), level[1] - level[1].mean(dim=0))
    assert torch.allclose(recolored(seen, colors.luma_flip, 0.0, 1.0), level)


@pytest.mark.parametrize("name", MATRICES)
def test_a_grey_picture_becomes_what_it_becomes_in_three_equal_channels(name):
    matrix, amounts = MATRICES[name]
    grey = picture(channels=1)
    assert torch.allclose(
        recolored(grey, matrix, *amounts), recolored(grey.expand(2, 3, 4, 4), matrix, *amounts)[:, :1]
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", MATRICES)
def test_it_is_differentiable_twice(name, channels):
    matrix, amounts = MATRICES[name]
    level = picture(channels=channels).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: recolored(x, matrix, *amounts), level)
    assert torch.autograd.gradgradcheck(lambda x: recolored(x, matrix, *amounts).sin(), level)
