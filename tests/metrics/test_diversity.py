import pytest
import torch

from gantool.builtin.sources import shapes
from gantool.metrics.diversity import diversity, diversity_and_error, relative, spacing, spread
from gantool.metrics.look import clipped, contrast, detail


def reals(n: int, side: int = 32, seed: int = 0, channels: int = 3) -> torch.Tensor:
    return torch.from_numpy(shapes.Shapes(2000, seed, side, channels).batch(0, n)[0])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [16, 32, 256])
def test_equal_pictures_have_none_and_others_of_the_data_about_all(side: int, channels: int) -> None:
    data = reals(64, side, channels=channels)
    assert diversity(data[:1].expand(64, -1, -1, -1), data) == 0
    assert diversity(reals(64, side, seed=1, channels=channels), data) == pytest.approx(1, abs=0.1)


def test_the_order_does_not_matter() -> None:
    data = reals(32)
    mixed = data[torch.randperm(32, generator=torch.Generator().manual_seed(0))]
    assert spread(mixed) == pytest.approx(spread(data), rel=1e-6)
    assert spacing(mixed) == pytest.approx(spacing(data), rel=1e-6)


def test_it_is_the_root_mean_square_difference_of_two() -> None:
    pair = torch.zeros(2, 3, 16, 16, dtype=torch.uint8)
    pair[1] = 255
    assert spread(pair) == pytest.approx(2)
    assert spread(pair[:1]) == 0


def test_few_modes_are_seen_by_spacing_and_not_by_spread() -> None:
    data = reals(64)
    few = data[:8].repeat(8, 1, 1, 1)
    assert relative(spread(few), spread(data)) > 0.6
    assert spacing(few) == 0


def test_noise_does_not_pass_for_diversity() -> None:
    noise = torch.randint(0, 256, (32, 3, 64, 64), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    assert diversity(noise, reals(32, 64)) < 0.3


def test_where_the_reals_do_not_differ_nothing_is_missing() -> None:
    assert relative(0.0, 0.0) == 1


def test_the_look_of_pictures() -> None:
    flat = torch.full((2, 3, 16, 16), 90, dtype=torch.uint8)
    noise = torch.randint(0, 2, (2, 3, 16, 16), generator=torch.Generator().manual_seed(0)).to(torch.uint8) * 255
    assert (clipped(flat), contrast(flat)) == (0, 0)
    assert detail(flat) == pytest.approx(0, abs=1e-6)
    assert clipped(noise) == 1
    assert contrast(noise) == pytest.approx(1, abs=0.01)
    assert detail(noise) > 0.7


def test_the_error_of_diversity_is_about_that_of_pictures_drawn_anew():
    def drawn(seed):
        chance = torch.Generator().manual_seed(seed)
        shades = torch.randint(0, 256, (60, 1, 1, 1), generator=chance)
        return shades.expand(60, 3, 8, 8).to(torch.uint8).contiguous()

    found = torch.tensor([diversity_and_error(drawn(seed), drawn(seed + 100)) for seed in range(20)])
    values, errors = found.T
    assert 0.6 * values.std() < errors.mean() < 1.7 * values.std()
    assert diversity_and_error(drawn(1), drawn(2))[0] == diversity(drawn(1), drawn(2))
    assert diversity_and_error(drawn(1)[:2], drawn(2)[:2])[1] == 0
