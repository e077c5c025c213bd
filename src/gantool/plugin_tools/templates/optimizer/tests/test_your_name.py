import torch
from gantool.testing import check_optimizer
from torch import nn

from gantool_your_name import gantool_optimizers
from gantool_your_name.optimizer import SignedMomentum


def test_it_conforms() -> None:
    (spec,) = gantool_optimizers()
    check_optimizer(spec)


def test_every_weight_moves_by_the_learning_rate() -> None:
    weight = nn.Parameter(torch.zeros(3))
    weight.grad = torch.tensor([5.0, -0.1, 0.0])
    SignedMomentum([weight], lr=0.5, momentum=0.9).step()
    assert torch.equal(weight.detach(), torch.tensor([-0.5, 0.5, 0.0]))
