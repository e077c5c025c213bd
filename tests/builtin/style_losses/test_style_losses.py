import pytest
import torch

from gantool.builtin.style_losses import SlicedOptions, sliced
from gantool.builtin.style_losses.sliced import Sliced
from gantool.builtin.style_losses.statistics import Covariance, Gram
from gantool.style import content_loss, gram, total_variation
from gantool.style.losses import power_of

LOSSES = {"gram": Gram(), "covariance": Covariance(), "sliced": Sliced(SlicedOptions(directions=16))}


def drawn(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_gram_matrix_of_two_channels_is_their_products_by_the_place():
    features = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).view(1, 2, 1, 3)
    assert torch.allclose(3 * gram(features), torch.tensor([[14.0, 32.0], [32.0, 77.0]]))


def test_total_variation_of_a_checkerboard_and_of_a_ramp():
    places = torch.arange(8)
    board = ((places[:, None] + places) % 2 * 2.0 - 1).expand(1, 3, 8, 8)
    assert total_variation(board) == 8
    ramp = (0.1 * places).expand(1, 3, 8, 8)
    assert total_variation(ramp) == pytest.approx(0.01)
    assert total_variation(torch.ones(1, 3, 1, 1)) == 0


def test_content_loss_is_1_for_an_image_without_features_and_sees_a_shift():
    features = drawn(0, 1, 4, 6, 6)
    power = power_of(features)
    assert content_loss(torch.zeros_like(features), features, power) == pytest.approx(1)
    assert content_loss(features, features, power) == 0
    assert content_loss(features.roll(1, dims=3), features, power) > 0.5


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_style_loss_is_blind_to_where_things_are(loss):
    features, style = drawn(0, 1, 4, 6, 6), drawn(1, 1, 4, 7, 5)
    target = loss.blend([loss.measure(style)], [1.0])
    here = loss.distance(loss.measure(features), target)
    assert here > 0.01
    assert torch.allclose(here, loss.distance(loss.measure(features.roll((2, 3), dims=(2, 3))), target))


def sliced_step(features, style):
    leaf = features.clone().requires_grad_(True)
    loss = Sliced(SlicedOptions(directions=16))
    value = loss.distance(loss.measure(leaf), loss.blend([loss.measure(style)], [1.0]))
    return value.detach(), *torch.autograd.grad(value, leaf)


def test_few_directions_at_a_time_are_all_at_once(monkeypatch):
    features, style = drawn(0, 1, 4, 6, 6), drawn(1, 1, 4, 7, 5)
    whole = sliced_step(features, style)
    for at_once in (1, 5 * 36):
        monkeypatch.setattr(sliced, "AT_ONCE", at_once)
        assert all(torch.allclose(one, other) for one, other in zip(sliced_step(features, style), whole, strict=True))


def test_a_large_style_is_known_by_some_of_its_points(monkeypatch):
    features, style = drawn(0, 1, 4, 12, 12) + 1, drawn(1, 1, 4, 100, 100)
    value, gradient = sliced_step(features, style)
    monkeypatch.setattr(sliced, "MOST", 5000)
    near, toward = sliced_step(features, style)
    assert 0 < abs(near - value) < 0.05 * value
    assert torch.cosine_similarity(gradient.flatten(), toward.flatten(), dim=0) > 0.99


def test_where_a_mask_leaves_nothing_there_is_no_loss():
    features = drawn(0, 1, 4, 6, 6).requires_grad_(True)
    loss = Sliced(SlicedOptions(directions=4))
    measured = loss.measure(features, torch.zeros(1, 1, 6, 6, dtype=torch.float64))
    value = loss.distance(measured, loss.blend([loss.measure(drawn(1, 1, 4, 6, 6))], [1.0]))
    assert value == 0
    assert not torch.autograd.grad(value, features)[0].any()


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_at_the_style_itself_loss_and_gradient_are_zero(loss):
    style = drawn(1, 1, 4, 6, 6).requires_grad_(True)
    value = loss.distance(loss.measure(style), loss.blend([loss.measure(style.detach())], [1.0]))
    assert abs(value.item()) < 1e-9
    (gradient,) = torch.autograd.grad(value, style)
    assert gradient.abs().max() < 1e-6


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_two_equal_styles_equal_one_and_size_does_not_matter(loss):
    features, style = drawn(0, 1, 4, 6, 6), drawn(1, 1, 4, 6, 6)
    measured = loss.measure(style)
    one = loss.distance(loss.measure(features), loss.blend([measured], [1.0]))
    two = loss.distance(loss.measure(features), loss.blend([measured, measured], [0.3, 0.7]))
    assert torch.allclose(one, two)
    doubled = torch.cat([features, features], dim=3)
    assert torch.allclose(one, loss.distance(loss.measure(doubled), loss.blend([measured], [1.0])), rtol=0.1)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (1, 6, 2, 2)], ids=["full rank", "rank deficient"])
def test_gradients_are_right_in_float64(loss, shape):
    target = loss.blend([loss.measure(drawn(1, *shape))], [1.0])
    features = drawn(0, *shape).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda values: loss.distance(loss.measure(values), target), (features,))


def test_covariance_is_the_squared_distance_of_means_where_spreads_agree():
    style = drawn(1, 1, 3, 8, 8)
    loss, moved = Covariance(), torch.tensor([1.0, 2.0, 2.0], dtype=torch.float64)
    value = loss.distance(loss.measure(style + moved.view(1, 3, 1, 1)), loss.measure(style))
    assert torch.allclose(value * style.square().sum(dim=1).mean(), torch.tensor(9.0, dtype=torch.float64))


def test_a_mask_makes_the_rest_of_the_picture_not_count():
    features, style = drawn(0, 1, 4, 6, 6), drawn(1, 1, 4, 6, 6)
    mask = torch.zeros(1, 1, 6, 6)
    mask[..., :3] = 1
    mixed = torch.where(mask > 0, features, 100 * style)
    for loss in LOSSES.values():
        target = loss.blend([loss.measure(style)], [1.0])
        alone = loss.distance(loss.measure(features[..., :3]), target)
        assert torch.allclose(alone, loss.distance(loss.measure(mixed, mask), target))
