from pathlib import Path

import gantool
import numpy as np
import pytest
from gantool.testing import check_command, write_untrained
from PIL import Image

from gantool_your_name import gantool_commands
from gantool_your_name.command import mean


def test_it_conforms() -> None:
    (spec,) = gantool_commands()
    check_command(spec)


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(write_untrained(tmp_path / "model.safetensors", "mlp", resolution=8))


def test_the_mean_of_one_sample_is_the_sample(model: str, tmp_path: Path) -> None:
    mean(model, samples=1, out=tmp_path / "one.png")
    (sample,) = gantool.load(model).sample([0])
    with Image.open(tmp_path / "one.png") as picture:
        assert np.array_equal(np.asarray(picture), np.asarray(sample))


def test_it_draws_one_picture_of_the_models_size(model: str, tmp_path: Path) -> None:
    mean(model, samples=5, out=tmp_path / "five.png")
    with Image.open(tmp_path / "five.png") as picture:
        assert picture.size == (8, 8)
