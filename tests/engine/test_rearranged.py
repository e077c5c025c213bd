"""Convolutions in another order are the same convolutions: forwards, backwards, and differentiated twice."""

from itertools import product

import pytest
import torch
from torch import nn
from torch.autograd import forward_ad
from torch.nn import functional as F

from gantool.api.rearranging import rearranges
from gantool.engine import products
from gantool.engine.precision import Precision
from gantool.engine.products import Convolved, Spread
from gantool.engine.rearranged import rearranged

LAYOUTS = [torch.contiguous_format, torch.channels_last]
SHAPES = [
    (kernel, stride, padding, side)
    for kernel, stride, padding, side in product((2, 3, 4, 5), (1, 2, 3), (0, 1, 2), (1, 2, 3, 4, 7))
    if stride <= kernel > padding and side + 2 * padding >= kernel and (side - 1) * stride + kernel > 2 * padding
]


def tensors(side, kernel, layout, channels):
    x = torch.randn(3, channels, side, side + 1, dtype=torch.float64).contiguous(memory_format=layout)
    weight = torch.randn(6, 5, kernel, kernel, dtype=torch.float64).contiguous(memory_format=layout)
    return x.requires_grad_(), weight.requires_grad_()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("own", "usual", "channels"), [(Convolved, F.conv2d, 5), (Spread, F.conv_transpose2d, 6)])
def test_products_are_the_convolution_and_its_gradients(own, usual, channels, layout):
    for kernel, stride, padding, side in SHAPES:
        x, weight = tensors(side, kernel, layout, channels)
        expected = usual(x, weight, None, stride, padding)
        found = own.apply(x, weight, stride, padding)
        sent = torch.randn_like(expected)
        gradients = [torch.autograd.grad(each, (x, weight), sent) for each in (expected, found)]
        for one, other in zip((expected, *gradients[0]), (found, *gradients[1]), strict=True):
            torch.testing.assert_close(other, one, atol=1e-11, rtol=0)
        assert found.is_contiguous(memory_format=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("layer", "side"), [(nn.Conv2d(6, 6, 3), 3), (nn.ConvTranspose2d(6, 6, 4), 1), (nn.ConvTranspose2d(6, 6, 3), 3)]
)
def test_activations_may_change_what_products_give_in_place(layer, side, layout):
    layer.to(memory_format=layout)
    x, gradients = torch.randn(2, 6, side, side), []
    for name in ("direct", "rearranged"):
        layer.zero_grad()
        with Precision(convolutions=name).autocast():
            F.leaky_relu(layer(x), 0.2, inplace=True).sum().backward()
        gradients.append(layer.weight.grad.clone())
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("own", "channels"), [(Convolved, 5), (Spread, 6)])
def test_products_can_be_differentiated_twice(own, channels):
    x, weight = tensors(2, 3, torch.channels_last, channels)
    assert torch.autograd.gradgradcheck(lambda *both: own.apply(*both, 2, 1), (x, weight))


@pytest.mark.parametrize("name", ["x", "weight"])
def test_only_wanted_gradients_are_computed(name, monkeypatch):
    both = dict(zip(("x", "weight"), tensors(3, 3, torch.channels_last, 5), strict=True))
    both[name].requires_grad_(False)
    dropped = {"x": "_spread", "weight": "_kernels"}[name]
    result = Convolved.apply(*both.values(), 1, 1).sum()
    monkeypatch.setattr(products, dropped, lambda *_: pytest.fail("it was computed"))
    result.backward()
    assert both[name].grad is None


@pytest.mark.parametrize("name", ["x", "weight"])
def test_only_gradients_of_the_pass_are_computed(name, monkeypatch):
    both = dict(zip(("x", "weight"), tensors(3, 3, torch.channels_last, 5), strict=True))
    dropped = {"x": "_spread", "weight": "_kernels"}[name]
    result = Convolved.apply(*both.values(), 1, 1).sum()
    monkeypatch.setattr(products, dropped, lambda *_: pytest.fail("it was computed"))
    wanted = both["weight" if name == "x" else "x"]
    result.backward(inputs=[wanted])
    assert both[name].grad is None
    assert wanted.grad is not None


@pytest.fixture
def taken(monkeypatch):
    """The convolutions that were computed as products."""
    seen = []
    for name in ("_gathered", "_spread"):
        way = getattr(products, name)
        monkeypatch.setattr(products, name, lambda *given, way=way: seen.append(tuple(given[1].shape)) or way(*given))
    return seen


LARGE, SMALL_MAPS = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 4, 4)


@pytest.mark.parametrize(
    ("layer", "pictures"),
    [
        (nn.Conv2d(3, 4, 4, stride=2, padding=1), LARGE),
        (nn.Conv2d(3, 4, 8), LARGE),
        (nn.Conv2d(3, 4, 3, padding=1), SMALL_MAPS),
        (nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1), SMALL_MAPS),
        (nn.ConvTranspose2d(3, 4, 4), torch.randn(2, 3, 1, 1)),
    ],
)
def test_small_maps_are_products(layer, pictures, taken):
    with rearranged():
        found = layer(pictures)
    torch.testing.assert_close(found, layer(pictures), atol=1e-5, rtol=0)
    assert len(taken) == 1


@pytest.mark.parametrize(
    ("layer", "pictures"),
    [
        (nn.Conv2d(3, 4, 3, padding=1), LARGE),
        (nn.ConvTranspose2d(3, 4, 2, stride=2), LARGE),
        (nn.Conv2d(3, 4, 1), SMALL_MAPS),
        (nn.Conv2d(3, 6, 3, groups=3), SMALL_MAPS),
        (nn.Conv2d(3, 4, 2, dilation=2), SMALL_MAPS),
        (nn.Conv2d(3, 4, 3, padding="same"), SMALL_MAPS),
        (nn.Conv2d(3, 4, (1, 3)), SMALL_MAPS),
        (nn.Conv2d(3, 4, 2, stride=3), SMALL_MAPS),
        (nn.ConvTranspose2d(3, 4, 3, stride=2, output_padding=1), SMALL_MAPS),
        (nn.Conv2d(3, 4, 3).double(), SMALL_MAPS.double()),
        (nn.Conv2d(3, 4, 3), SMALL_MAPS[0]),
    ],
)
def test_all_else_is_torchs(layer, pictures, taken):
    with rearranged():
        found = layer(pictures)
    assert torch.equal(found, layer(pictures))
    assert not taken


def test_products_are_in_bf16_where_autocast_has_it_so(taken):
    layer, x = nn.Conv2d(64, 8, 3, padding=1), torch.randn(2, 64, 4, 4)
    gradients = []
    for plays in (Precision("bf16"), Precision("bf16", convolutions="rearranged")):
        layer.zero_grad()
        with plays.autocast():
            found = layer(x)
        assert found.dtype == torch.bfloat16
        found.float().square().sum().backward()
        gradients.append((found.float(), layer.weight.grad.clone(), layer.bias.grad.clone()))
        assert layer.weight.grad.dtype == torch.float32
    assert len(taken) == 1
    for one, other in zip(*gradients, strict=True):
        assert (one - other).norm() < 2**-6 * one.norm()


def test_a_gradient_penalty_inside_is_that_outside():
    layers = nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1), nn.Tanh(), nn.Conv2d(4, 1, 4))
    x = torch.randn(2, 3, 8, 8, requires_grad=True)
    found = []
    for name in ("direct", "rearranged"):
        layers.zero_grad()
        with Precision(convolutions=name).autocast():
            assert rearranges() == (name == "rearranged")
            (slope,) = torch.autograd.grad(layers(x).sum(), x, create_graph=True)
            slope.square().sum().backward()
        found.append([weight.grad.clone() for weight in layers.parameters() if weight.grad is not None])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(other, one, atol=1e-6, rtol=1e-5)
    assert not rearranges()


LAYER, KERNELS = nn.Conv2d(3, 4, 3, padding=1), torch.randn(2, 4, 3, 3, 3)


def per_sample():
    return torch.func.vmap(lambda one, kernel: F.conv2d(one[None], kernel, padding=1)[0])(SMALL_MAPS, KERNELS)


def gradient():
    return torch.func.grad(lambda given: LAYER(given).square().sum())(SMALL_MAPS)


def along():
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(LAYER(forward_ad.make_dual(SMALL_MAPS, SMALL_MAPS))).tangent


def jacobian():
    return torch.autograd.functional.jacobian(lambda given: LAYER(given).flatten()[:5], SMALL_MAPS, vectorize=True)


def compiled():
    layers = torch.compile(
        nn.Sequential(LAYER, nn.ConvTranspose2d(4, 4, 4, 2, 1).requires_grad_(False)), backend="eager"
    )
    return layers(SMALL_MAPS)


@pytest.mark.parametrize("way", [per_sample, gradient, along, jacobian, compiled])
@pytest.mark.filterwarnings("ignore")
def test_networks_that_transform_or_compile_functions_are_torchs(way):
    torch.manual_seed(0)
    expected = way()
    torch.manual_seed(0)
    with rearranged():
        torch.testing.assert_close(way(), expected)


@pytest.mark.parametrize("layer", [LAYER, nn.ConvTranspose2d(3, 4, 4)])
def test_a_batch_may_be_empty(layer):
    with rearranged():
        found = layer(SMALL_MAPS[:0])
    assert found.shape == layer(SMALL_MAPS[:0]).shape


def test_elsewhere_than_on_the_cpu_nothing_is_rearranged():
    with Precision("float32", "contiguous", "cuda", "rearranged").autocast():
        assert not rearranges()
