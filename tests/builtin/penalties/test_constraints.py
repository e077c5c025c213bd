import torch

from fakes import TinyDiscriminator
from gantool.builtin.penalties import ClipOptions
from gantool.builtin.penalties.constraints import Clip


def test_clipping_bounds_every_weight_and_leaves_the_small_ones():
    network = TinyDiscriminator()
    before = [weight.detach().clone() for weight in network.parameters()]
    Clip(ClipOptions(value=0.02)).constrain(network)
    for weight, old in zip(network.parameters(), before, strict=True):
        assert weight.abs().max() <= 0.02
        small = old.abs() <= 0.02
        assert torch.equal(weight[small], old[small])
    assert any((old.abs() > 0.02).any() for old in before)


def test_clipping_leaves_what_is_frozen():
    network = TinyDiscriminator()
    frozen, *others = network.parameters()
    before = frozen.requires_grad_(False).clone()
    Clip(ClipOptions(value=1e-4)).constrain(network)
    assert torch.equal(frozen, before)
    assert frozen.abs().max() > 1e-4
    assert all(weight.abs().max() <= 1e-4 for weight in others)
