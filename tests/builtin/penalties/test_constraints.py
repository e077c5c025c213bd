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
