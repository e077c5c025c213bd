import torch
from gantool.testing import check_style_loss

from gantool_your_name import YourNameOptions, gantool_style_losses
from gantool_your_name.style_loss import Moments


def test_it_conforms() -> None:
    (spec,) = gantool_style_losses()
    check_style_loss(spec)


def test_features_twice_as_far_from_their_mean_differ_by_their_spread_alone() -> None:
    style = torch.tensor([[[[1.0, 3.0]]]])
    wide = torch.tensor([[[[0.0, 4.0]]]])
    loss = Moments(YourNameOptions(spread=0.0))
    assert loss.distance(loss.measure(wide), loss.measure(style)) == 0
