import torch
from gantool.testing import check_penalty

from gantool_your_name import YourNameOptions, gantool_penalties
from gantool_your_name.penalty import Steadiness


def test_it_conforms() -> None:
    (spec,) = gantool_penalties()
    check_penalty(spec)


def test_its_mean_for_a_linear_discriminator_is_the_squared_norm_of_its_weight() -> None:
    torch.manual_seed(0)
    weight = torch.randn(3 * 8 * 8)
    real = (torch.rand(4096, 3, 8, 8) * 2 - 1,)
    penalty = Steadiness(YourNameOptions())
    values = penalty(lambda images, labels: images[-1].flatten(1) @ weight, real, real, None)
    assert values.shape == (4096,)
    torch.testing.assert_close(values.mean(), weight.square().sum(), rtol=0.1, atol=0)
