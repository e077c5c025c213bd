import torch
from gantool.testing import check_style_network

from gantool_your_name import YourNameOptions, gantool_style_networks
from gantool_your_name.network import Poster


def test_it_conforms() -> None:
    (spec,) = gantool_style_networks()
    check_style_network(spec)


def test_two_tones_are_black_and_white() -> None:
    photos = torch.rand(1, 3, 16, 24) * 2 - 1
    assert set(Poster(YourNameOptions(tones=2))(photos).unique().tolist()) == {-1.0, 1.0}
