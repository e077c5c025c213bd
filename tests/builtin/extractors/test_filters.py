import torch

from gantool.builtin.extractors import RandomOptions
from gantool.builtin.extractors.filters import COLOUR, WHITEN, Filters


def test_a_picture_of_one_colour_has_no_detail_and_its_whitened_colour_as_mean():
    colour = torch.tensor([0.5, -0.25, 0.125])
    network = Filters(RandomOptions(filters=8, size=5, scales=2)).select(["scale1", "scale2"])
    whitened = torch.tensor(WHITEN) @ colour * torch.tensor([1.0, COLOUR, COLOUR])
    for features in network(colour.view(1, 3, 1, 1).expand(1, 3, 16, 16)):
        assert features[:, :8].abs().max() < 1e-5
        assert torch.allclose(features[:, 8:], whitened.view(1, 3, 1, 1).expand(1, 3, *features.shape[2:]), atol=1e-6)
