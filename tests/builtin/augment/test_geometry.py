import math

import pytest
import torch
from torch.nn import functional as F

from gantool.builtin.augment.geometry import flipped, inverse_affine, turned
from gantool.builtin.augment.resampling import warped


def picture(n=1, channels=3, side=8, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    return torch.rand(n, channels, side, side, generator=drawn, dtype=torch.float64) * 2 - 1


def smooth(side=32):
    """Noise without the finest detail, which no resampling keeps."""
    return F.interpolate(picture(side=side // 8), side, mode="bicubic")


def inverse(zoom=1.0, first=0.0, stretch=1.0, second=0.0, right=0.0, down=0.0):
    zoom, first, stretch, second = (torch.tensor([one], dtype=torch.float64) for one in (zoom, first, stretch, second))
    return inverse_affine(zoom, first, stretch, second, torch.tensor([[right], [down]], dtype=torch.float64))


def forward(place, **steps):
    """Where a place of the picture lies in the result."""
    way_back = torch.cat([inverse(**steps)[0], torch.tensor([[0.0, 0.0, 1.0]])])
    return (torch.linalg.inv(way_back) @ torch.tensor([*place, 1.0], dtype=torch.float64))[:2].tolist()


def middle(level, margin=6):
    return level[..., margin:-margin, margin:-margin]


def test_a_flip_undoes_itself_and_befalls_only_who_is_chosen():
    level, chosen = picture(2), torch.tensor([1.0, 0.0]).double()
    seen = flipped(level, chosen)
    assert torch.equal(seen[0], level[0].flip(-1))
    assert torch.equal(seen[1], level[1])
    assert torch.equal(flipped(seen, chosen), level)


def test_quarter_turns_are_exact_and_four_of_them_are_none():
    level = picture(4)
    seen = turned(level, torch.arange(4.0))
    for quarters in range(4):
        assert torch.equal(seen[quarters], level[quarters].rot90(quarters, (1, 2)))
    one = torch.ones(4)
    for _ in range(4):
        level = turned(level, one)
    assert torch.equal(level, picture(4))


def test_the_steps_of_an_affine_map():
    assert forward((0.5, 0.0), zoom=1.5) == pytest.approx([0.75, 0.0])
    assert forward((0.5, 0.0), first=math.pi / 2) == pytest.approx([0.0, 0.5])
    assert forward((0.5, 0.5), stretch=2.0) == pytest.approx([1.0, 0.25])
    assert forward((0.5, 0.0), first=math.pi / 2, stretch=2.0) == pytest.approx([0.0, 0.25])
    assert forward((0.5, 0.0), stretch=2.0, second=math.pi / 2) == pytest.approx([0.0, 1.0])
    # A slide is the last step, in sides of the picture, each 2 long.
    assert forward((0.5, 0.0), zoom=2.0, right=0.25, down=-0.1) == pytest.approx([1.5, -0.2])


@pytest.mark.parametrize("side", [4, 7, 16, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_identity_gives_the_picture_itself(side, channels):
    level = picture(2, channels, side)
    seen = warped(level, inverse().expand(2, 2, 3))
    assert torch.allclose(middle(seen, 3), middle(level, 3))
    assert (seen - level).abs().max() < 0.1  # at the edges, where the filter meets mirror images


@pytest.mark.parametrize("side", [4, 16, 64])
def test_a_constant_picture_stays_as_it_is_whatever_happens(side):
    # No black corners, and both filters let brightness pass as it is.
    level = torch.full((1, 1, side, side), 0.7, dtype=torch.float64)
    seen = warped(level, inverse(zoom=0.4, first=1.0, stretch=1.5, second=-2.0, right=0.6, down=-0.3))
    assert torch.allclose(seen, level)


@pytest.mark.parametrize(("steps", "by"), [({"right": 3 / 32}, (0, 3)), ({"down": -5 / 32}, (-5, 0))])
def test_a_slide_by_whole_pixels_is_a_shift(steps, by):
    level = picture(side=32)
    assert torch.allclose(middle(warped(level, inverse(**steps)), 12), middle(level.roll(by, (2, 3)), 12))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turn_by_quarters_is_centred(quarters):
    # Its direction is to the right, since y points down; the filters are not symmetric, hence the tolerance.
    level = smooth()
    seen = warped(level, inverse(second=quarters * math.pi / 2))
    assert (middle(seen) - middle(level.rot90(-quarters, (2, 3)))).abs().max() < 0.03
    assert (middle(seen) - middle(level.rot90(-quarters, (2, 3)).roll(1, 2))).abs().max() > 0.1


def test_turning_there_and_back_gives_the_picture_again():
    level = smooth()
    seen = warped(warped(level, inverse(first=0.6)), inverse(first=-0.6))
    assert (middle(seen) - middle(level)).abs().max() < 0.03


def test_what_lies_outside_is_the_mirror_image():
    level = smooth()
    seen = warped(level, inverse(right=0.25))
    assert (seen[..., 2:8] - seen[..., 8:14].flip(-1)).abs().mean() < 0.02


def test_shrinking_leaves_no_false_pattern():
    # Stripes of one pixel cannot be seen at half the size; without a filter they become broad stripes.
    stripes = torch.ones(1, 1, 64, 64, dtype=torch.float64)
    stripes[..., ::2] = -1
    way_back = inverse(zoom=0.55)
    grid = F.affine_grid(way_back, [1, 1, 64, 64], align_corners=False)
    naive = F.grid_sample(stripes, grid, padding_mode="reflection", align_corners=False)
    assert middle(naive).abs().max() > 0.8
    assert middle(warped(stripes, way_back)).square().mean() < 0.35 * middle(naive).square().mean()


def test_each_picture_has_its_own_map_and_float32_is_enough():
    level, maps = picture(2), torch.cat([inverse(), inverse(zoom=1.3, first=0.4)])
    seen = warped(level, maps)
    assert torch.allclose(middle(seen[0], 3), middle(level[0], 3))
    assert torch.allclose(seen[1:], warped(level[1:], maps[1:]))
    assert torch.allclose(warped(level.float(), maps.float()).double(), seen, atol=1e-4)


MAPS = {
    "flip": lambda x: flipped(x, torch.tensor([1.0])),
    "turn": lambda x: turned(x, torch.tensor([3.0])),
    "zoom": lambda x: warped(x, inverse(zoom=1.3)),
    "turn freely": lambda x: warped(x, inverse(first=0.4)),
    "stretch": lambda x: warped(x, inverse(stretch=0.8)),
    "slide": lambda x: warped(x, inverse(right=0.1, down=-0.2)),
}


@pytest.mark.parametrize("name", MAPS)
def test_it_is_differentiable_twice(name):
    level = picture(1, 1, 4).requires_grad_(True)
    assert torch.autograd.gradcheck(MAPS[name], level)
    assert torch.autograd.gradgradcheck(lambda x: MAPS[name](x).sin(), level)
