"""Contact sheets: true colours, layout, scale."""

import math

import numpy as np
import pytest
import torch

from gantool.errors import OptionError
from gantool.render.captions import captions_of, numbers_told
from gantool.render.grids import CAPTION, PAPER, beside, near_square, sheet


def test_every_picture_is_there_unchanged() -> None:
    images = torch.randint(100, 120, (5, 3, 8, 8), dtype=torch.uint8)
    made = np.asarray(sheet(images, columns=3, margin=2))
    assert made.shape == (2 * 10 + 2, 3 * 10 + 2, 3)
    for index, image in enumerate(images):
        top, left = 2 + index // 3 * 10, 2 + index % 3 * 10
        assert np.array_equal(made[top : top + 8, left : left + 8], image.permute(1, 2, 0).numpy())
    assert (made[:2] == 255).all()
    assert (made[12:, 22:] == 255).all()


def test_scale_repeats_pixels() -> None:
    images = torch.arange(4, dtype=torch.uint8).reshape(1, 1, 2, 2)
    made = sheet(images, margin=0, scale=3)
    assert made.mode == "L"
    assert np.array_equal(np.asarray(made), np.kron([[0, 1], [2, 3]], np.ones((3, 3))))


@pytest.mark.parametrize("count", range(1, 70))
def test_the_layout_is_nearly_square(count: int) -> None:
    columns = near_square(count)
    rows = math.ceil(count / columns)
    assert rows <= columns <= max(rows + 2, 3 * rows)
    assert columns * rows - count < columns


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (4, 2), (6, 3), (10, 5), (16, 4), (24, 6), (64, 8)])
def test_well_known_numbers_fill_their_sheets(count: int, columns: int) -> None:
    assert near_square(count) == columns


def test_transparency_lies_on_a_checkerboard_or_is_kept() -> None:
    images = torch.zeros(1, 4, 16, 16, dtype=torch.uint8)
    images[:, :, 4:8] = torch.tensor([100, 0, 0, 100], dtype=torch.uint8).view(4, 1, 1)
    made = np.asarray(sheet(images, margin=2))
    assert made.shape == (20, 20, 3)
    assert {tuple(pixel) for row in made[2:6, 2:18] for pixel in row} == {(255, 255, 255), (204, 204, 204)}
    assert {tuple(pixel) for row in made[6:10, 2:18] for pixel in row} == {(255, 155, 155), (224, 124, 124)}
    kept = np.asarray(sheet(images, margin=2, transparent=True))
    assert kept.shape == (20, 20, 4)
    assert (kept[:2] == 0).all()
    assert tuple(kept[7, 7]) == (255, 0, 0, 100)


def test_no_pictures_or_far_too_many_are_refused() -> None:
    with pytest.raises(OptionError, match="no picture"):
        sheet(torch.zeros(0, 3, 8, 8, dtype=torch.uint8))
    with pytest.raises(OptionError, match="smaller scale"):
        sheet(torch.zeros(64, 1, 64, 64, dtype=torch.uint8), scale=32)


def test_coarser_levels_stand_beside_the_finest():
    levels = [torch.full((2, 3, side, side), side, dtype=torch.uint8) for side in (4, 8, 16)]
    cells = beside(levels)
    assert cells.shape == (2, 3, 16, 24)
    assert (cells[..., :16] == 16).all()
    assert (cells[:, :, :8, 16:] == 8).all()
    assert (cells[:, :, 8:12, 16:20] == 4).all()
    assert (cells[:, :, 12:, 16:] == 255).all()
    assert beside(levels[:1]) is levels[0]


def test_captions_stand_below_their_pictures_and_no_wider_than_these() -> None:
    images = torch.full((3, 3, 32, 32), 200, dtype=torch.uint8)
    plain, named = (
        np.asarray(sheet(images, columns=2, margin=4, captions=captions)) for captions in ((), ("cat", "", "w" * 99))
    )
    assert named.shape == (plain.shape[0] + 2 * CAPTION, *plain.shape[1:])
    for index in range(3):
        row, column = divmod(index, 2)
        top, left = 4 + row * (36 + CAPTION), 4 + column * 36
        assert (named[top : top + 32, left : left + 32] == 200).all()
        below = named[top + 32 : top + 32 + CAPTION, max(left - 4, 0) : left + 36]
        assert bool((below[:, 4:36] < 128).any()) == (index != 1)
        assert (below[:, :4] == PAPER).all()
        assert (below[:, 36:] == PAPER).all()


@pytest.mark.parametrize(
    "names", [("pictures of category one", "pictures of category two"), ("light red car", "heavy red car")]
)
def test_names_too_wide_are_told_apart_by_their_beginning_or_their_end(names: tuple[str, str]) -> None:
    image = torch.full((1, 3, 48, 48), 200, dtype=torch.uint8)
    first, second = (np.asarray(sheet(image, captions=(name,))) for name in names)
    assert (first != second).any()


def test_pictures_too_narrow_for_a_name_have_none() -> None:
    images = torch.full((3, 3, 16, 16), 200, dtype=torch.uint8)
    assert sheet(images, captions=("cat", "dog", "owl")).size == sheet(images).size
    assert sheet(images, captions=("cat", "dog", "owl"), scale=2).size > sheet(images, scale=2).size


def test_classes_are_named_where_there_are_letters_for_them() -> None:
    assert captions_of(("cat", "dog"), [1, 0]) == ["dog", "cat"]
    assert captions_of(("cat", "犬", "Füße", "é 犬", ""), [1, 0, 2, 3]) == ["1", "cat", "Fusse", "3"]
    assert numbers_told(("cat", "犬", "Füße", "光"), [3, 2, 1, 1, 0]) == "1 is 犬, 3 is 光"
    assert numbers_told(("cat", "犬", "Füße"), [2, 0]) == ""
    assert numbers_told(("cat", "", " ", "犬"), [0, 1, 2, 3]) == "3 is 犬"
    assert captions_of(("cat", "", " "), [0, 1, 2]) == ["cat", "1", "2"]


def test_classes_whose_names_become_equal_have_their_numbers_too() -> None:
    assert captions_of(("resume", "cat", "résumé"), [0, 1, 2]) == ["0 resume", "cat", "2 resume"]
    assert captions_of(("1", "犬"), [0, 1]) == ["0 1", "1"]
