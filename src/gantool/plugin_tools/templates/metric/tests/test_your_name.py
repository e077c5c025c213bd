import gantool
import torch
from gantool.testing import check_metric

from gantool_your_name import YourNameOptions, gantool_metrics
from gantool_your_name.brightness import Brightness


def test_it_conforms() -> None:
    (spec,) = gantool_metrics()
    check_metric(spec)


def test_pictures_that_are_brighter_by_ten_levels_are_off_by_ten() -> None:
    images = torch.arange(20, dtype=torch.uint8).view(20, 1, 1, 1).expand(20, 3, 4, 4)
    metric = Brightness(YourNameOptions())
    reals, brighter = gantool.Pictures(images), gantool.Pictures(images + 10)
    assert metric(reals, brighter)["brightness"] == 10
    assert metric.read({"brightness": 10.0}, {"brightness": 0.5}).endswith("brighter or darker than the data.")
