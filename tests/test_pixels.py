"""Pixels as bytes and as numbers, and pictures with transparency."""

import torch

from gantool.pixels import composited, straight, to_float, to_uint8


def test_no_colour_is_brighter_than_its_alpha() -> None:
    drawn = torch.tensor([1.0, 0.0, -2.0, -0.5]).view(1, 4, 1, 1)
    assert to_uint8(drawn).flatten().tolist() == [64, 64, 0, 64]
    assert to_uint8(drawn[:, :3]).flatten().tolist() == [255, 128, 0]


def test_pictures_lie_on_a_background_as_light_adds_up() -> None:
    red = to_float(torch.tensor([100, 0, 0, 100], dtype=torch.uint8).view(4, 1, 1))
    assert to_uint8(composited(red)).flatten().tolist() == [255, 155, 155]
    assert to_uint8(composited(red, background=-1.0)).flatten().tolist() == [100, 0, 0]
    opaque = red[:3]
    assert composited(opaque) is opaque


def test_files_have_colours_that_are_not_multiplied() -> None:
    half = torch.tensor([[50, 0], [0, 0], [0, 0], [100, 0]], dtype=torch.uint8).view(4, 1, 2)
    assert straight(half)[:, 0].T.tolist() == [[128, 0, 0, 100], [0, 0, 0, 0]]
