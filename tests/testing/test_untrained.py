"""A model that has learnt nothing: drawn from like any other, and the same each time."""

import pytest
import torch

import gantool
from gantool.errors import UnknownNameError
from gantool.testing import write_untrained

SMALL = "mlp:generator_hidden=4,discriminator_hidden=4"


def test_it_is_a_model_file_like_any_other_and_the_same_each_time(tmp_path):
    one, other = (
        write_untrained(tmp_path / f"{name}.safetensors", SMALL, resolution=8, channels=1, class_names=("a", "b"))
        for name in ("one", "other")
    )
    assert one.read_bytes() == other.read_bytes()
    model = gantool.load(one, "cpu")
    assert (model.class_names, model.card.images_seen, model.card.provider) == (("a", "b"), 0, "gantool")
    assert model.images([1, 2]).shape == (2, 1, 8, 8)


def test_it_leaves_the_random_state_and_settles_what_is_open(tmp_path):
    before = torch.get_rng_state()
    path = write_untrained(tmp_path / "model.safetensors", "dcgan", resolution=16)
    assert torch.equal(torch.get_rng_state(), before)
    assert "auto" not in gantool.load(path, "cpu").card.architecture
    with pytest.raises(UnknownNameError, match="dcgan"):
        write_untrained(tmp_path / "model.safetensors", "dcgn", resolution=16)
