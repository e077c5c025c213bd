import torch
from gantool.testing import check_loss

from gantool_your_name import YourNameOptions, gantool_losses
from gantool_your_name.loss import SquaredHinge


def test_it_conforms() -> None:
    (spec,) = gantool_losses()
    check_loss(spec)


def test_beyond_the_margin_there_is_nothing_to_learn() -> None:
    loss = SquaredHinge(YourNameOptions(margin=2))
    right, undecided = torch.tensor([2.0, 5.0]), torch.zeros(2)
    assert loss.discriminator(right, -right).tolist() == [0, 0]
    assert loss.discriminator(undecided, undecided).tolist() == [8, 8]
