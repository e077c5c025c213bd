import torch
from gantool.testing import check_source

from gantool_your_name import YourNameOptions, gantool_sources
from gantool_your_name.pictures import Rings


def test_it_conforms() -> None:
    (spec,) = gantool_sources()
    check_source(spec)


def test_a_ring_is_hollow_and_a_disc_is_not() -> None:
    source = Rings(YourNameOptions(count=8), resolution=32, channels=3)
    for index in range(8):
        picture, label = source[index]
        hollow = torch.equal(picture[:, 16, 16], picture[:, 0, 0])
        assert hollow == (source.class_names[label] == "ring")
