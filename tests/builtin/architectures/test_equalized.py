import math
from contextlib import nullcontext

import pytest
import torch
from torch.nn import functional as F

from gantool.api.rearranging import rearranging
from gantool.api.specs import ImageShape
from gantool.builtin.architectures import MsgOptions, ProgressiveOptions, msg, progressive
from gantool.builtin.architectures.equalized import (
    Doubling,
    EqualizedConv2d,
    EqualizedLinear,
    LogitHead,
    MinibatchStd,
    PixelNorm,
    Stem,
    group_size,
    pooled,
)
from gantool.builtin.architectures.layers import Doubled, InARow, SmoothlyDoubled, doubled_and_convolved, upsampled


def test_pixel_norm_gives_every_pixel_mean_square_one():
    x = 7 * torch.randn(3, 16, 4, 4) + 2
    assert torch.allclose(PixelNorm()(x).square().mean(dim=1), torch.ones(3, 4, 4), atol=1e-5)
    assert torch.allclose(PixelNorm()(torch.randn(3, 16)).square().mean(dim=1), torch.ones(3), atol=1e-5)


def test_pixel_norm_does_not_see_the_scale_and_leaves_the_dtype():
    x = torch.randn(2, 8, 3, 3)
    assert torch.allclose(PixelNorm()(x), PixelNorm()(100 * x), atol=1e-4)
    assert PixelNorm()(x.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize("gain", [1.0, math.sqrt(2)])
def test_an_equalized_layer_starts_with_output_variance_gain_squared(gain):
    torch.manual_seed(0)
    convolution, linear = EqualizedConv2d(64, 256, 3, gain), EqualizedLinear(512, 1024, gain)
    inner = convolution(torch.randn(4, 64, 16, 16))[:, :, 1:-1, 1:-1]  # no padding within reach
    assert inner.var().item() == pytest.approx(gain**2, rel=0.05)
    assert linear(torch.randn(64, 512)).var().item() == pytest.approx(gain**2, rel=0.05)


def test_equalized_weights_are_of_unit_variance_however_wide_the_layer():
    torch.manual_seed(0)
    for layer in (EqualizedConv2d(8, 512, 3), EqualizedConv2d(512, 8, 3), EqualizedLinear(512, 64)):
        assert layer.weight.std().item() == pytest.approx(1, rel=0.05)


def test_the_same_step_of_adam_moves_the_effective_weights_in_proportion_to_their_size():
    relative = []
    for inputs in (4, 400):
        torch.manual_seed(0)
        layer = EqualizedLinear(inputs, 50)
        before = (layer.weight * layer.scale).detach().clone()
        optimizer = torch.optim.Adam(layer.parameters(), 0.01)
        layer(torch.randn(64, inputs)).square().mean().backward()
        optimizer.step()
        change = layer.weight * layer.scale - before
        relative.append((change.norm() / before.norm()).item())
    assert relative[0] == pytest.approx(relative[1], rel=0.1)


def test_minibatch_std_of_two_opposite_samples():
    x = torch.tensor([1.0, -1.0, 3.0, -3.0]).view(4, 1, 1, 1).expand(4, 2, 2, 2)
    out = MinibatchStd(2)(x)  # strided: samples 0 and 2 are a group, 1 and 3 the other
    assert out.shape == (4, 3, 2, 2)
    assert torch.equal(out[:, :2], x)
    assert torch.allclose(out[:, 2], torch.ones(4, 2, 2), atol=1e-4)  # std of (1, 3) and of (-1, -3)


def test_minibatch_std_is_the_same_number_all_over_a_group_and_zero_without_variety():
    x = torch.randn(8, 3, 4, 4)
    spread = MinibatchStd(4)(x)[:, -1]
    expected = x.view(4, 2, 3, 4, 4).std(dim=0, unbiased=False).mean(dim=(1, 2, 3))
    assert torch.allclose(spread, expected.repeat(4).view(8, 1, 1).expand(8, 4, 4), atol=1e-5)
    assert MinibatchStd(4)(x[:1].expand(8, -1, -1, -1))[:, -1].max() < 1e-3


@pytest.mark.parametrize(("n", "size"), [(16, 4), (8, 4), (6, 3), (4, 4), (2, 2), (3, 3), (5, 5), (7, 7), (1, 1)])
def test_a_batch_that_does_not_divide_gets_groups_that_do(n, size):
    assert group_size(n, 4) == size
    assert MinibatchStd(4)(torch.randn(n, 2, 4, 4)).isfinite().all()


@pytest.mark.parametrize("side", [2, 32, 33])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_upsampling_is_torchs_nearest_in_the_layout_that_it_got(side, layout):
    x = torch.randn(2, 4, side, side).contiguous(memory_format=layout).requires_grad_()
    made, usual = upsampled(x), F.interpolate(x, scale_factor=2, mode="nearest")
    assert torch.equal(made, usual)
    assert made.is_contiguous(memory_format=layout)
    weights = torch.randn_like(made)
    assert torch.allclose(*(torch.autograd.grad((each * weights).sum(), x)[0] for each in (made, usual)), atol=1e-6)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_upsampling_and_a_convolution_are_one_transposed_convolution(layout):
    x, weight, bias = torch.randn(2, 3, 5, 6), torch.randn(4, 3, 3, 3), torch.randn(4)
    given = [each.double().requires_grad_() for each in (x.contiguous(memory_format=layout), weight, bias)]
    both = F.conv2d(upsampled(given[0]), *given[1:], padding=1), doubled_and_convolved(*given)
    sent = torch.randn_like(both[0])
    gradients = [torch.autograd.grad(each, given, sent) for each in both]
    torch.testing.assert_close(both[1], both[0])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(other, one)


@pytest.mark.parametrize("convolve", [torch.nn.Conv2d(3, 4, 3, padding=1), EqualizedConv2d(3, 4, 3)])
def test_layers_are_merged_where_that_is_allowed_and_faster(convolve, monkeypatch):
    layers, calls = InARow(Doubled(), convolve, torch.nn.Tanh()), []
    doubles = Doubled.forward
    monkeypatch.setattr(Doubled, "forward", lambda self, x: calls.append(1) or doubles(self, x))
    for allowed, side, called in ((False, 8, 1), (True, 8, 0), (True, 4, 1)):
        x = torch.randn(2, 3, side, side)
        with rearranging() if allowed else nullcontext():
            found = layers(x)
        torch.testing.assert_close(found, torch.tanh(convolve(upsampled(x))), atol=1e-5, rtol=0)
        assert len(calls) == called
        calls.clear()


def test_layers_with_hooks_or_a_weight_that_is_computed_are_called_one_by_one():
    x, called = torch.randn(2, 3, 8, 8), []
    for number in (0, 1):
        for register in ("register_forward_hook", "register_forward_pre_hook"):
            layers = InARow(Doubled(), torch.nn.Conv2d(3, 4, 3, padding=1))
            getattr(layers[number], register)(lambda *_: called.append(1))
            with rearranging():
                assert torch.equal(layers(x), layers[1](upsampled(x)))
    assert len(called) >= 4
    layers = InARow(Doubled(), torch.nn.utils.parametrizations.spectral_norm(torch.nn.Conv2d(3, 4, 3, padding=1)))
    layers.eval()
    with rearranging():
        assert torch.equal(layers(x), layers[1](upsampled(x)))


def test_pooling_undoes_upsampling():
    x = torch.randn(2, 3, 4, 4)
    assert torch.equal(pooled(upsampled(x)), x)
    assert torch.allclose(pooled(upsampled(upsampled(x)), 4), x, atol=1e-6)


def test_a_label_adds_its_own_projection_to_the_logit():
    torch.manual_seed(0)
    verdict, features = LogitHead(6, 3), torch.randn(4, 6)
    labels = torch.tensor([0, 2, 1, 2])
    difference = verdict(features, labels) - verdict.last(features).flatten()
    expected = (features * verdict.classes.weight[labels]).sum(dim=1) / math.sqrt(6)
    assert torch.allclose(difference, expected, atol=1e-5)
    with pytest.raises(ValueError, match="without labels"):
        verdict(features, None)


def test_the_gains_are_those_of_the_paper():
    stem = Stem(8, 16)
    assert stem[0].scale == pytest.approx(math.sqrt(2) / 4 / math.sqrt(8))  # as if it were a convolution to 4 x 4
    assert LogitHead(16, 0).last.scale == pytest.approx(1 / math.sqrt(16))
    assert EqualizedConv2d(4, 8, 3).scale == pytest.approx(math.sqrt(2 / 36))


def test_bilinear_upsampling_is_the_nearest_neighbour_and_a_binomial_filter():
    x = torch.randn(2, 3, 5, 5)
    rows = torch.tensor([1.0, 2.0, 1.0]) / 4
    kernel = torch.outer(rows, rows).expand(3, 1, 3, 3)
    expected = F.conv2d(F.pad(upsampled(x), (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    torch.testing.assert_close(SmoothlyDoubled()(x), expected)


def test_a_bilinear_doubling_has_no_steps_where_the_nearest_neighbour_has_them():
    torch.manual_seed(0)
    smooth, stepped = Doubling(4, 4, "bilinear"), Doubling(4, 4, "nearest")
    stepped.load_state_dict(smooth.state_dict())
    slope = torch.linspace(0, 1, 8).expand(1, 4, 8, 8)
    first, second = (network[0](slope)[0, 0, 0].diff() for network in (smooth, stepped))
    assert first[1:-1].max() - first[1:-1].min() < 1e-6
    assert second.min() == 0
    assert not torch.equal(smooth(slope), stepped(slope))


@pytest.mark.parametrize(("options", "build"), [(ProgressiveOptions, progressive.build), (MsgOptions, msg.build)])
def test_upsampling_is_an_option_of_both_architectures_and_the_weights_are_the_same(options, build):
    small = {"fmap_base": 64, "fmap_max": 8, "latent": 6}
    times = {"stabilise_kimg": 1, "fade_kimg": 1} if options is ProgressiveOptions else {}
    shape, z = ImageShape(16, 3), torch.randn(2, 6)
    plain, nearest, smooth = (
        build(options(**small, **times, **more), shape).generator
        for more in ({}, {"upsampling": "nearest"}, {"upsampling": "bilinear"})
    )
    for other in (nearest, smooth):
        other.load_state_dict(plain.state_dict())
    assert torch.equal(plain(z)[-1], nearest(z)[-1])
    assert not torch.equal(plain(z)[-1], smooth(z)[-1])
