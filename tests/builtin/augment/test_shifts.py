import pytest
import torch

from gantool.builtin.augment.shifts import shift_matrix, shifted

SIDE = 8


def picture(n=2, channels=3, side=SIDE, seed=0):
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("mirror", [False, True])
def test_no_shift_is_the_picture_itself(mirror):
    level, still = picture(), torch.zeros(2)
    assert torch.equal(shifted(level, still, still, mirror), level)


def test_a_bright_pixel_moves_by_whole_pixels_each_sample_by_its_own():
    level = torch.zeros(2, 1, SIDE, SIDE)
    level[:, :, 4, 3] = 1
    moved = shifted(level, torch.tensor([2.0, -1.0]), torch.tensor([-3.0, 0.0]), mirror=False)
    assert moved.nonzero().tolist() == [[0, 0, 1, 5], [1, 0, 4, 2]]
    assert set(moved.unique().tolist()) == {0, 1}


def test_what_comes_in_is_zero_or_the_mirror_image():
    level, two, none = picture(1), torch.tensor([2.0]), torch.zeros(1)
    padded, mirrored = shifted(level, two, none, mirror=False), shifted(level, two, none, mirror=True)
    assert torch.equal(padded[..., 2:], level[..., :-2])
    assert torch.equal(mirrored[..., 2:], level[..., :-2])
    assert (padded[..., :2] == 0).all()
    assert torch.equal(mirrored[..., :2], level[..., :2].flip(-1))
    up = shifted(level, none, -two, mirror=True)
    assert torch.equal(up[..., -2:, :], level[..., -2:, :].flip(-2))


@pytest.mark.parametrize("by", [-8.0, -2.5, -0.25, 0.0, 0.5, 3.0, 7.75])
def test_a_mirrored_shift_loses_no_light_anywhere(by):
    matrix = shift_matrix(torch.tensor([by]), SIDE, mirror=True)
    assert torch.allclose(matrix.sum(dim=2), torch.ones(1, SIDE))
    assert (matrix >= 0).all()


def test_half_a_pixel_mixes_two():
    level = torch.zeros(1, 1, SIDE, SIDE)
    level[:, :, 4, 4] = 1
    moved = shifted(level, torch.tensor([0.5]), torch.zeros(1), mirror=False)
    assert moved[0, 0, 4, 4:6].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("mirror", [False, True])
def test_it_is_differentiable_twice(mirror):
    level = picture(2, 2, 4).double().requires_grad_(True)
    right, down = torch.tensor([1.0, -0.5]).double(), torch.tensor([0.25, 2.0]).double()
    assert torch.autograd.gradcheck(lambda x: shifted(x, right, down, mirror), level)
    assert torch.autograd.gradgradcheck(lambda x: shifted(x, right, down, mirror).sin(), level)
