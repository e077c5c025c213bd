import numpy as np
import pytest
import torch
import torch.nn.functional as F
from shapes_recognise import NEAREST, NONE, RECOGNISABLE, WELL_DRAWN, recognise

from gantool.builtin.sources.shapes import Shapes
from gantool.errors import DataError


def real(count: int, resolution: int = 32, start: int = 0) -> torch.Tensor:
    return torch.from_numpy(Shapes(20_000, 1, resolution, 3).batch(start, start + count)[0])


def true_numbers(count: int) -> torch.Tensor:
    return torch.from_numpy(Shapes(20_000, 1, 32, 3).numbers(np.arange(count)))


def counted(images: torch.Tensor) -> float:
    return (recognise(images) != NONE).float().mean().item()


def test_real_pictures_are_read_and_none_is_mistaken() -> None:
    numbers, true = recognise(real(1000)), true_numbers(1000)
    assert (numbers == true).float().mean() >= 0.995
    assert (numbers[numbers != NONE] == true[numbers != NONE]).all()


@pytest.mark.parametrize("resolution", [33, 64])
def test_larger_pictures_are_read_as_well(resolution: int) -> None:
    assert (recognise(real(100, resolution)) == true_numbers(100)).float().mean() >= 0.99


def test_a_little_noise_and_blur_do_not_hide_a_kind() -> None:
    generator = torch.Generator().manual_seed(0)
    images, true = real(200).float(), true_numbers(200)
    noisy = images + 10 * torch.randn(images.shape, generator=generator)
    assert (recognise(noisy.clamp(0, 255).byte()) == true).float().mean() >= 0.98
    blurred = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), "replicate"), 3, 1)
    assert (recognise(blurred.byte()) == true).float().mean() >= 0.75


def test_noise_and_flat_colours_are_none() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (100, 3, 32, 32), generator=generator, dtype=torch.uint8)
    flat = torch.randint(0, 256, (100, 3, 1, 1), generator=generator, dtype=torch.uint8).expand(-1, -1, 32, 32)
    assert counted(noise) == counted(flat) == 0


def test_background_alone_is_none() -> None:
    """The left edge of each picture, drawn out over the whole."""
    assert counted(real(100)[:, :, :, :1].expand(-1, -1, -1, 32)) == 0


def test_blends_are_almost_always_none() -> None:
    first, second = real(400), real(400, start=7000)
    assert counted((first.float() / 2 + second.float() / 2).byte()) <= 0.02


@pytest.mark.parametrize("axis", [2, 3])
def test_halves_of_two_pictures_are_almost_always_none(axis: int) -> None:
    first, second = real(400), real(400, start=7000)
    joined = torch.cat([first.narrow(axis, 0, 16), second.narrow(axis, 16, 16)], dim=axis)
    assert counted(joined) <= 0.01


def test_a_figure_with_a_missing_half_is_none() -> None:
    images = real(400)
    images[:, :, 16:] = images[:, :, 16:, :1]
    assert counted(images) <= 0.01


def test_nothing_in_nothing_out() -> None:
    assert recognise(real(1)[:0]).shape == (0,)


@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (2, 3, 16, 16)])
def test_grey_or_small_pictures_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="at least 32 pixels"):
        recognise(torch.zeros(shape, dtype=torch.uint8))


def test_each_reading_counts_at_least_what_the_stricter_one_does_and_the_same_kinds() -> None:
    generator = torch.Generator().manual_seed(0)
    rough = (real(300).float() + 45 * torch.randn(300, 3, 32, 32, generator=generator)).clamp(0, 255).byte()
    well, able, near = (recognise(rough, strictness) for strictness in (WELL_DRAWN, RECOGNISABLE, NEAREST))
    assert (well != NONE).sum() < (able != NONE).sum() < (near != NONE).sum()
    assert (near[able != NONE] == able[able != NONE]).float().mean() > 0.98


def test_the_nearest_reading_is_exact_on_real_pictures_and_blind_on_blank_ones() -> None:
    assert (recognise(real(300), NEAREST) == true_numbers(300)).all()
    assert (recognise(torch.full((5, 3, 32, 32), 128, dtype=torch.uint8), NEAREST) == NONE).all()
