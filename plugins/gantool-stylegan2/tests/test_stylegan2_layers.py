"""Filters, equalised layers and modulation: what they keep and what they are equal to."""

import pytest
import torch
from torch.nn import functional as F

from gantool_stylegan2.filters import blurred, doubled, kernel
from gantool_stylegan2.layers import Conv, Linear, MinibatchStd, activated, normalized
from gantool_stylegan2.modulation import ModulatedConv


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_the_filter_sums_to_one_and_is_that_of_the_paper():
    filter_ = kernel()
    assert filter_.sum() == 1
    assert torch.equal(filter_[0] * 64, torch.tensor([1.0, 3, 3, 1]))
    assert torch.equal(filter_, filter_.T)
    assert torch.equal(filter_.bfloat16().float(), filter_)


def test_constants_stay_what_they_are():
    constant = torch.full((1, 2, 8, 8), 0.7)
    assert torch.allclose(doubled(constant)[..., 1:-1, 1:-1], torch.full((1, 2, 14, 14), 0.7))
    assert torch.allclose(blurred(constant, kernel(), padding=0), torch.full((1, 2, 5, 5), 0.7))
    assert torch.allclose(
        blurred(constant, kernel(), padding=1, stride=2)[..., 1:-1, 1:-1], torch.full((1, 2, 2, 2), 0.7)
    )


@pytest.mark.parametrize(
    ("padding", "stride", "side"), [(1, 1, 6), (2, 1, 5), (0, 1, 7), (1, 2, 6), (1, 2, 7), (2, 2, 8)]
)
def test_the_filters_gradients_are_those_of_a_convolution(padding, stride, side):
    x = torch.randn(2, 3, side, side, dtype=torch.float64, requires_grad=True)
    weight = kernel().double().expand(3, 1, 4, 4) * 2

    def gradients(y):
        (first,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        return first, torch.autograd.grad(first.square().sum(), x)[0]

    ours = gradients(blurred(x, kernel().double(), padding, stride, gain=2.0))
    plain = gradients(F.conv2d(x, weight, stride=stride, padding=padding, groups=3))
    assert all(torch.allclose(mine, its) for mine, its in zip(ours, plain, strict=True))


def test_doubling_is_zeros_between_pixels_and_the_filter_over_them():
    x = torch.randn(2, 3, 6, 6)
    spread = torch.zeros(2, 3, 12, 12)
    spread[..., ::2, ::2] = x
    by_definition = blurred(F.pad(spread, (2, 1, 2, 1)), kernel(), padding=0, gain=4.0)
    assert torch.allclose(doubled(x), by_definition, atol=1e-6)


def test_doubling_and_halving_a_smooth_picture_gives_it_back():
    rise = torch.linspace(-1, 1, 32)
    x = torch.sin(2 * rise)[:, None] * torch.cos(rise)
    back = blurred(doubled(x[None, None]), kernel(), padding=1, stride=2)[0, 0]
    assert (back - x)[2:-2, 2:-2].abs().max() < 0.005


def test_layers_keep_the_variance_of_normal_input():
    x = torch.randn(4096, 64)
    assert Linear(64, 128)(x).var().item() == pytest.approx(1, rel=0.1)
    assert Linear(64, 128, rate=0.01)(x).var().item() == pytest.approx(1, rel=0.1)
    assert Conv(32, 64, 3)(torch.randn(16, 32, 16, 16))[..., 1:-1, 1:-1].var().item() == pytest.approx(1, rel=0.1)
    assert activated(x).square().mean().item() == pytest.approx(1.04, rel=0.02)
    assert torch.allclose(normalized(7 * x).square().mean(dim=1), torch.ones(4096), atol=1e-5)


def test_a_slow_layer_moves_slower_by_its_rate():
    x = torch.randn(8, 16)
    moves = []
    for rate in (1.0, 0.01):
        layer = Linear(16, 16, rate=rate)
        before = layer(x)
        before.square().sum().backward()
        torch.optim.Adam(layer.parameters(), 1e-3).step()
        moves.append((layer(x) - before).abs().mean().item())
    assert moves[1] == pytest.approx(0.01 * moves[0], rel=0.2)


def test_a_halving_convolution_blurs_first():
    layer = Conv(3, 4, 3, down=True)
    x = torch.randn(2, 3, 8, 8)
    assert layer(x).shape == (2, 4, 4, 4)
    checker = (torch.arange(8)[:, None] + torch.arange(8)) % 2 * 2.0 - 1
    assert layer(checker.expand(1, 3, 8, 8))[..., 1:-1, 1:-1].abs().max() < 1e-6  # the finest pattern is gone


@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("demodulate", [False, True])
def test_modulation_equals_weights_of_each_sample(up, demodulate):
    layer = ModulatedConv(5, 6, 3, latent=7, up=up, demodulate=demodulate)
    x, w = torch.randn(3, 5, 8, 8), torch.randn(3, 7)
    style = layer.style(w)
    expected = []
    for sample in range(3):
        weight = layer.weight * layer.scale * style[sample][None, :, None, None]  # equation 1
        if demodulate:
            weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()  # equation 3
        one = x[sample : sample + 1]
        if up:
            spread = F.conv_transpose2d(one, weight.transpose(0, 1), stride=2)
            expected.append(blurred(spread, kernel(), padding=1, gain=4.0))
        else:
            expected.append(F.conv2d(one, weight, padding=1))
    assert torch.allclose(layer(x, w), torch.cat(expected), atol=1e-5)


def test_an_upsampling_convolution_is_bilinear_interpolation_and_a_convolution():
    layer = ModulatedConv(4, 4, 3, latent=4, up=True, demodulate=False)
    x, w = torch.randn(2, 4, 8, 8), torch.zeros(2, 4)  # the style's bias is 1
    by_hand = F.conv2d(doubled(x), layer.weight.flip(2, 3) * layer.scale, padding=1)
    assert torch.allclose(layer(x, w)[..., 3:-3, 3:-3], by_hand[..., 3:-3, 3:-3], atol=1e-5)


def test_demodulated_output_has_unit_variance_whatever_the_style():
    layer = ModulatedConv(32, 64, 3, latent=8)
    x = torch.randn(8, 32, 16, 16)
    for size in (0.1, 1.0, 10.0):
        variance = layer(x, size * torch.randn(8, 8))[..., 1:-1, 1:-1].var(dim=(1, 2, 3))
        assert torch.allclose(variance, torch.ones(8), atol=0.1)


def test_modulation_can_be_differentiated_twice():
    layer = ModulatedConv(2, 2, 3, latent=2, up=True).double()
    x = torch.randn(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    w = torch.randn(1, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(layer, (x, w))
    down = Conv(2, 2, 3, down=True).double()
    assert torch.autograd.gradgradcheck(down, x)
    assert torch.autograd.gradgradcheck(doubled, x)


def test_the_spread_of_a_group_is_seen_and_that_of_copies_is_none():
    layer = MinibatchStd(4)
    same = torch.randn(1, 3, 4, 4).expand(4, -1, -1, -1)
    assert layer(same)[:, -1].abs().max() < 1e-3
    assert layer(torch.randn(8, 3, 4, 4))[:, -1].mean().item() == pytest.approx(0.8, abs=0.2)
    for n in (1, 2, 5, 6):
        assert layer(torch.randn(n, 3, 4, 4)).shape == (n, 4, 4, 4)
