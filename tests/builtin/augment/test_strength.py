import pytest

from gantool.builtin.augment import strength_for


@pytest.mark.parametrize(
    ("count", "strength"), [(0, 0.3), (300, 0.2991), (10_000, 0.27), (50_000, 0.15), (100_000, 0.0), (10**7, 0.0)]
)
def test_the_more_pictures_the_less(count, strength):
    assert strength_for(count) == pytest.approx(strength)
