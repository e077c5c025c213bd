import torch
from gantool.testing import check_augmentation

from gantool_your_name import YourNameOptions, gantool_augmentations
from gantool_your_name.augmentation import QuarterTurns, turned


def test_it_conforms() -> None:
    (spec,) = gantool_augmentations()
    check_augmentation(spec)


def test_four_quarter_turns_are_none_and_each_picture_has_its_own() -> None:
    pictures = torch.rand(4, 3, 8, 8)
    again = pictures
    for _ in range(4):
        again = turned(again, torch.tensor([1, 1, 1, 1]))
    assert torch.equal(again, pictures)
    mixed = turned(pictures, torch.tensor([0, 1, 2, 3]))
    assert torch.equal(mixed[0], pictures[0])
    assert torch.equal(mixed[2], pictures[2].flip(1, 2))


def test_reals_and_fakes_of_a_batch_are_turned_alike() -> None:
    apply = QuarterTurns(YourNameOptions(chance=0.9)).draw(16)
    pictures = torch.rand(16, 3, 8, 8)
    assert torch.equal(apply((pictures,))[0], apply((pictures,))[0])
