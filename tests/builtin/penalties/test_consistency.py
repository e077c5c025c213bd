import torch

from gantool.builtin.penalties import ConsistencyOptions
from gantool.builtin.penalties.consistency import Consistency

REAL, FAKE = (
    tuple(torch.randn(16, 3, side, side, generator=torch.Generator().manual_seed(seed)) for side in (4, 8))
    for seed in (1, 2)
)


def mean(images, labels):
    return sum(level.mean(dim=(1, 2, 3)) for level in images)


def left_half(images, labels):
    return images[-1][..., :4].sum(dim=(1, 2, 3))


def test_a_discriminator_that_a_flip_cannot_change_pays_nothing():
    value = Consistency(ConsistencyOptions(policy=("flip",)))(mean, REAL, FAKE, None)
    assert torch.allclose(value, torch.zeros(16), atol=1e-10)


def test_one_that_a_flip_changes_pays_the_squared_difference_for_the_flipped():
    value = Consistency(ConsistencyOptions(policy=("flip",)))(left_half, REAL, FAKE, None)

    def whole(images):
        return (left_half(images, None) - left_half(tuple(level.flip(-1) for level in images), None)) ** 2

    possible = torch.stack([torch.zeros(16), whole(REAL), whole(FAKE), whole(REAL) + whole(FAKE)])
    assert torch.isclose(value, possible, rtol=1e-4, atol=1e-5).any(dim=0).all()
    assert (value > 0).any()


def test_each_policy_changes_what_is_judged_and_its_gradient_reaches_the_discriminator():
    weight = torch.ones((), requires_grad=True)
    for policy in ("flip", "color", "translation", "cutout"):
        penalty = Consistency(ConsistencyOptions(policy=(policy,)))
        value = penalty(lambda images, labels: weight * left_half(images, labels), REAL, FAKE, None)
        assert value.shape == (16,)
        assert (value > 0).any(), policy
        (gradient,) = torch.autograd.grad(value.mean(), weight)
        assert torch.isfinite(gradient)


def test_images_are_left_as_they_are_and_computed_in_float32():
    half = tuple(level.bfloat16() for level in REAL)
    before = [level.clone() for level in half]
    value = Consistency(ConsistencyOptions())(mean, half, half, None)
    assert value.dtype == torch.float32
    assert all(torch.equal(one, other) for one, other in zip(before, half, strict=True))
