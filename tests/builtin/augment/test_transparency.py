"""Augmentation of pictures with alpha: colours change where there are any, and nothing comes in from outside."""

import math

import pytest
import torch

from gantool.builtin.augment import AdaOptions, DiffAugmentOptions, colors
from gantool.builtin.augment.ada import Ada
from gantool.builtin.augment.diffaugment import DiffAugment, brightness, contrast, cutout, saturation, translation
from gantool.builtin.augment.geometry import inverse_affine
from gantool.builtin.augment.resampling import warped
from gantool.builtin.augment.transparency import in_place

COLOR = {
    "brightness": lambda level: brightness(level, torch.tensor([0.3, -0.2])),
    "saturation": lambda level: saturation(level, torch.tensor([0.2, 1.9])),
    "ada": lambda level: colors.recolored(
        level, colors.hue(torch.tensor([1.0, 2.0])) @ colors.brightness(torch.tensor([0.3, -0.2]))
    ),
}
ALL = {
    "diffaugment": lambda: DiffAugment(DiffAugmentOptions()),
    "ada": lambda: Ada(AdaOptions(p=1)),
}


def picture(n=2, side=16, seed=0):
    """Noise with an alpha of its own, all transparent in the left quarter."""
    drawn = torch.rand(n, 4, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    drawn[..., : side // 4] = 0
    drawn[:, :3] *= drawn[:, 3:]
    return drawn * 2 - 1


def unmultiplied(level):
    shares = (level + 1) / 2
    return shares[:, :3] / shares[:, 3:].clamp(min=1e-9) * 2 - 1


@pytest.mark.parametrize("name", COLOR)
def test_a_colour_changes_as_it_would_without_alpha_and_alpha_stays(name):
    level = picture().float()
    seen = COLOR[name](level)
    assert torch.equal(seen[:, 3], level[:, 3])
    assert (seen[..., :4] == -1).all()
    there = (level[:, 3:] > -0.9).expand(-1, 3, -1, -1)
    assert torch.allclose(unmultiplied(seen)[there], COLOR[name](unmultiplied(level))[there], atol=1e-4)
    assert (seen - level).abs().max() > 0.1


def test_contrast_is_about_the_mean_of_what_is_visible():
    level = torch.full((2, 4, 8, 8), -1.0)
    level[:, 3, 2:6, 2:6] = 1.0  # a square of one colour, opaque, on nothing
    level[:, :3, 2:6, 2:6] = 0.4
    assert torch.allclose(contrast(level, torch.tensor([0.5, 1.5])), level, atol=1e-6)
    level[:, :3, 2:6, 2:4] = -0.4
    assert torch.allclose(contrast(level, torch.tensor([0.5, 1.5]))[:, 0, 3, 3], torch.tensor([-0.2, -0.6]), atol=1e-6)


def test_shifts_and_holes_are_transparent():
    level = picture()
    right = torch.tensor([0.0, 0.99], dtype=torch.float64)
    seen = translation(level, right, right, 16)
    assert (seen[0, :, -2:] == -1).all()
    assert (seen[1, :, :2] == -1).all()
    assert torch.allclose(seen[0, :, :-2, :-2], level[0, :, 2:, 2:])
    middle = torch.tensor([0.5, 0.5], dtype=torch.float64)
    assert (cutout(level, middle, middle, 16)[:, :, 4:12, 4:12] == -1).all()


def test_what_lies_outside_is_transparent_when_a_picture_shrinks():
    level = torch.ones(1, 4, 32, 32, dtype=torch.float64)
    one, none = torch.ones(1).double(), torch.zeros(1).double()
    inverse = inverse_affine(one / 2, none + math.pi / 4, one, none, torch.zeros(2, 1).double())
    seen = in_place(level, lambda part: warped(part, inverse, mirror=False))
    assert (seen[..., 14:18, 14:18] - 1).abs().max() < 0.01
    assert (seen[..., :3, :3] + 1).abs().max() < 1e-6
    assert (seen.mean() + 1) / 2 == pytest.approx(1 / 4, abs=0.02)


@pytest.mark.parametrize("name", ALL)
def test_all_that_is_transparent_stays_so(name):
    torch.manual_seed(0)
    nothing = torch.full((8, 4, 16, 16), -1.0)
    assert torch.allclose(ALL[name]().draw(8)((nothing,))[0], nothing, atol=1e-5)


def test_at_0_ada_is_the_identity():
    level = picture(8).float()
    assert torch.equal(Ada(AdaOptions()).draw(8)((level,))[0], level)


@pytest.mark.parametrize("name", ALL)
def test_it_is_differentiable_twice(name):
    torch.manual_seed(0)
    apply = ALL[name]().draw(2)
    images = tuple((picture(2, side) * 0.9).requires_grad_(True) for side in (2, 4))
    assert torch.autograd.gradcheck(lambda *levels: apply(levels), images, fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda *levels: tuple(x.sin() for x in apply(levels)), images, fast_mode=True)
