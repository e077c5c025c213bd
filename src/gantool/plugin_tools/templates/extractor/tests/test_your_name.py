import torch
from gantool.testing import check_extractor

from gantool_your_name import YourNameOptions, gantool_extractors
from gantool_your_name.features import Edges, oriented


def test_it_conforms() -> None:
    (spec,) = gantool_extractors()
    check_extractor(spec)


def test_a_plain_picture_has_no_edges() -> None:
    plain = torch.full((1, 3, 32, 32), 0.3)
    for values in Edges(YourNameOptions())(plain):
        assert values[:, :8].abs().max() < 1e-6


def test_filters_have_zero_mean_and_unit_norm() -> None:
    filters = oriented(5)
    torch.testing.assert_close(filters.mean(dim=(1, 2, 3)), torch.zeros(5), atol=1e-6, rtol=0)
    torch.testing.assert_close(filters.square().sum(dim=(1, 2, 3)), torch.ones(5))
